import { TracingError } from "../../lib/model/errors.ts";
import { traceId } from "../../lib/model/ids.ts";
import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import { type MergeTask, rollUp } from "../../lib/pipeline/rollup/roll-up.ts";
import { isTransient } from "../../lib/runtime/retry.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { readerKey } from "../../lib/store/keys.ts";
import type { TraceReader } from "../../lib/store/port.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { decodeReaderState } from "../../lib/store/reader-states.ts";
import { decodeRollupHour } from "../../lib/store/rollup-states.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { followStream } from "../../lib/stream/follow.ts";
import type { StreamReader, StreamWriter } from "../../lib/stream/port.ts";
import { type ReaderNotice, shardReader } from "../../lib/stream/reader.ts";
import { Random } from "../data/random.ts";
import { encodeSpans, type PlainSpan, searchTraces } from "../data/search-traces.ts";
import { memoryQuarantine } from "../support/memory-indexing.ts";
import { type Call, type MemoryItems, memoryItems } from "../support/memory-items.ts";
import { type MemoryStream, memoryStream } from "../support/memory-stream.ts";
import { storedText } from "../support/seen-spans.ts";
import { type VirtualTime, virtualTime } from "../support/virtual-time.ts";

const TENANT = "shop#1";
const IDENTITY = "memory/1";
const HOUR_MILLIS = 3_600_000;
const NOW = Date.UTC(2026, 10, 22, 12, 30);
const HOURS = 3;
const RETENTION_HOURS = 12;
const FUNCTION_TIMEOUT_MILLIS = 2_000;
/** How long an eventually consistent read may not see what was written. */
const STALE_MILLIS = 500;

export interface System {
  readonly random: Random;
  readonly stream: MemoryStream;
  readonly table: MemoryItems;
  readonly quarantine: ReturnType<typeof memoryQuarantine>;
  readonly notices: ReaderNotice[];
  /** Kept all the time, and so remembers what it read. */
  readonly warmReader: TraceReader;
  readonly coldReader: () => TraceReader;
  /** Faults that were injected, by name. */
  readonly injected: Map<string, number>;
  readonly time: VirtualTime;
  isCalm: boolean;
}

export function aSystem(seed: number): System {
  const table = memoryItems();
  const random = new Random(seed);
  const { clock, sleep } = virtualTime(NOW);
  const time = { clock: () => Math.floor(clock()), sleep };
  const coldReader = () =>
    traceReader({ batches: batchesOf(table, time, random), clock: time.clock, retentionHours: RETENTION_HOURS });
  const system: System = {
    ...{ random, table, time },
    stream: memoryStream({ shards: 2, clock: time.clock }),
    quarantine: memoryQuarantine(),
    notices: [],
    warmReader: coldReader(),
    coldReader,
    injected: new Map(),
    isCalm: false,
  };
  system.stream.refuse = () => {
    if (happens(system, "entry throttled", 0.15)) return "throttled";
    return happens(system, "entry failed", 0.1) ? "failed" : undefined;
  };
  const writtenAt = new Map<string, number>();
  table.faults = (call) => tableFault(system, writtenAt, call);
  return system;
}

function happens(system: System, name: string, probability: number): boolean {
  if (system.isCalm || !system.random.chance(probability)) return false;
  system.injected.set(name, (system.injected.get(name) ?? 0) + 1);
  return true;
}

const keyOf = (key: Call["keys"][number]): string =>
  `${key.pk} ${"sk" in key ? Buffer.from(key.sk).toString("hex") : ""}`;

function tableFault(system: System, writtenAt: Map<string, number>, { name, phase, keys }: Call) {
  if (phase === "after") {
    if (name === "put") for (const key of keys) writtenAt.set(keyOf(key), system.time.clock());
    const isWrite = name === "put" || name === "save";
    if (isWrite && happens(system, `answer of ${name} lost`, 0.05))
      throw new TracingError("unavailable", "injected: the answer got lost");
    return undefined;
  }
  if (happens(system, `${name} throttled`, 0.1)) throw new TracingError("throttled", "injected");
  const isBatch = name === "put" || name === "get";
  return {
    left: isBatch && happens(system, `${name} handed back`, 0.2) ? system.random.below(keys.length + 1) : 0,
    hides: (key: { readonly pk: string; readonly sk: Uint8Array }) =>
      system.time.clock() - (writtenAt.get(keyOf(key)) ?? 0) < STALE_MILLIS && happens(system, `stale ${name}`, 0.5),
  };
}

const batchesOf = (items: MemoryItems, { clock, sleep }: VirtualTime, random: Random) =>
  itemBatches({ items, clock, sleep, random: () => random.fraction() });

/** The stream as ingest reaches it. */
const shakyWriter = (system: System, losesAnswers: boolean): StreamWriter => ({
  async shards() {
    if (happens(system, "shards unavailable", 0.8)) throw new TracingError("unavailable", "injected");
    return system.stream.shards();
  },
  async put(entries) {
    if (happens(system, "put throttled", 0.1)) throw new TracingError("throttled", "injected");
    const results = await system.stream.put(entries);
    if (losesAnswers && happens(system, "answer of PutRecords lost", 0.3))
      throw new TracingError("unavailable", "injected: the answer got lost");
    return results;
  },
});

/** The stream as the indexer reaches it. */
const shakyReader = (system: System): StreamReader => ({
  async iterator(shardId, position) {
    if (happens(system, "iterator throttled", 0.05)) throw new TracingError("throttled", "injected");
    return system.stream.iterator(shardId, position);
  },
  async records(iterator, limit) {
    if (happens(system, "records throttled", 0.05)) throw new TracingError("throttled", "injected");
    if (happens(system, "iterators expired", 0.05)) system.stream.expireIterators();
    return system.stream.records(iterator, limit);
  },
});

export interface Request {
  readonly spans: PlainSpan[];
  /** Unix epoch nanoseconds: when ingest read its clock, of the delivery that was acknowledged first. */
  received: bigint;
}

/** Spans of many traces, dealt out so that most traces come in several requests. */
export function madeRequests({ random }: System, seed: number, requests: number, statesEveryStart: boolean): Request[] {
  const from = BigInt(NOW - (NOW % HOUR_MILLIS) - (HOURS - 1) * HOUR_MILLIS) * 1_000_000n;
  const dealt: Request[] = Array.from({ length: requests }, () => ({ spans: [], received: 0n }));
  for (const trace of searchTraces({ seed, traces: requests * 7, from: from - 3_600_000_000_000n, hours: HOURS }))
    for (const span of trace) {
      if (statesEveryStart && span.start === 0n) continue;
      random.pick(dealt).spans.push(span);
    }
  return dealt.filter(({ spans }) => spans.length > 0);
}

export interface Sending {
  /** Whether answers get lost, the stream's to ingest and ingest's to the client: then the same spans come twice. */
  readonly losesAnswers: boolean;
  readonly onSent: (requests: number) => Promise<void>;
}

/** A client that sends every request until it is acknowledged. */
export async function sendAll(system: System, requests: readonly Request[], sending: Sending): Promise<void> {
  const take = ingest({
    stream: shakyWriter(system, sending.losesAnswers),
    ...system.time,
    random: () => system.random.fraction(),
    retentionHours: RETENTION_HOURS,
  });
  for (const [i, request] of requests.entries()) {
    await sendUntilAcknowledged(system, take, request, sending);
    await sending.onSent(i + 1);
  }
}

async function sendUntilAcknowledged(
  system: System,
  take: ReturnType<typeof ingest>,
  request: Request,
  { losesAnswers }: Sending,
): Promise<void> {
  for (;;) {
    request.received = BigInt(system.time.clock()) * 1_000_000n;
    const outcome = await take(TENANT, encodeSpans(request.spans)).catch((error: unknown) => {
      // Nothing of it is in the stream yet: the shards were not even known.
      if (error instanceof TracingError && error.message === "injected") return undefined;
      throw error;
    });
    if (outcome !== undefined && outcome.rejectedSpans > 0) throw new Error(outcome.message);
    const isLost = losesAnswers && happens(system, "answer to the client lost", 0.2);
    if (outcome !== undefined && !isLost) return;
    await system.time.sleep(1_000);
  }
}

/** Runs rollup, and what it begins, in a process of its own. Faults are its business: it is called again. */
async function rollOnce(system: System): Promise<void> {
  const { table, random, time } = system;
  const tasks: MergeTask[] = [];
  const options = {
    ...{ batches: batchesOf(table, time, random), registers: table, clock: time.clock },
    ...{ retentionHours: RETENTION_HOURS, mergeMillis: 60_000, random: () => random.fraction() },
  };
  const run = rollUp({
    ...options,
    tasksPerRun: 20,
    dispatch: async (task) => {
      tasks.push(task);
    },
  });
  await run().catch(ignored);
  for (const task of tasks) await mergeHour(task, options).catch(ignored);
}

/** What was injected, and where two met. */
function ignored(fault: unknown): void {
  if (!isTransient(fault)) throw fault;
}

/** Follows the stream while `work` goes on, and then until everything in it is indexed. */
export async function following(system: System, work: () => Promise<void>): Promise<void> {
  const { stream, table, quarantine, random, time } = system;
  const { clock, sleep } = time;
  const reader = shakyReader(system);
  const states = readerStates({ registers: table, stream: IDENTITY, retentionSeconds: 86_400, clock });
  const store = traceWriter({ batches: batchesOf(table, time, random), retentionHours: RETENTION_HOURS });
  const stop = new AbortController();
  async function rolling(): Promise<void> {
    while (!stop.signal.aborted) {
      await rollOnce(system);
      await sleep(5_000);
    }
  }
  const rollups = [rolling(), rolling()];
  const running = followStream({
    info: stream,
    ...{ reader, states },
    read: shardReader({
      ...{ states, reader, quarantine, clock },
      recordsPerCall: 3,
      indexer: indexRecords(store, IDENTITY),
      functionTimeoutMillis: FUNCTION_TIMEOUT_MILLIS,
      onNotice: (notice) => system.notices.push(notice),
    }),
    pollMillis: 50,
    recordsPerCall: 3,
    random: () => random.fraction(),
    sleep,
    onFault: () => {},
    signal: stop.signal,
  });
  try {
    await work();
    for (let turns = 0; !isDrained(system); turns++) {
      if (turns > 50_000) throw new Error("the indexer never comes to the end of the stream");
      await system.time.sleep(1);
    }
  } finally {
    stop.abort();
    await Promise.all([running, ...rollups]);
  }
}

function isDrained({ stream, table }: System): boolean {
  const shardIds = ["0", "1", "2", "3"].map((n) => `shardId-${n.padStart(12, "0")}`);
  return shardIds.every((shardId) => {
    const newest = stream.held(shardId).at(-1)?.sequenceNumber;
    if (newest === undefined) return true;
    const { pk, sk } = readerKey(IDENTITY, shardId);
    const item = table.stored().find((one) => one.pk === pk && Buffer.compare(one.sk, sk) === 0);
    if (item === undefined) return false;
    const state = decodeReaderState(item.body);
    return state.plan === undefined && state.done === newest;
  });
}

/** The hour is past, and everything in it closed and merged. */
export async function closeHours(system: System): Promise<void> {
  system.isCalm = true;
  for (let minutes = 0; minutes < 100; minutes++) {
    await system.time.sleep(60_000);
    await rollOnce(system);
  }
  const hours = system.table.stored().filter(({ pk }) => pk === "U#hours");
  for (const { body } of hours) if (!decodeRollupHour(body).isClosed) throw new Error("an hour is never closed");
  system.isCalm = false;
}

/** The trace as stored, a text a span, sorted, and what the store has to say of it. */
export async function shownTrace(reader: TraceReader, id: string): Promise<{ spans: string[]; warnings: number }> {
  const trace = await reader.trace(TENANT, traceId(id));
  return { spans: (trace?.spans ?? []).map(storedText).sort(), warnings: trace?.warnings.length ?? 0 };
}
