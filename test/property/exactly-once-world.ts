import { expect } from "vitest";
import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { readOperationCounts } from "../../lib/store/counts/read.ts";
import type { Items, Key } from "../../lib/store/items.ts";
import { ROLLUP_KEY, readerKey, readersPartition } from "../../lib/store/keys.ts";
import { encodeReaderState, type StoredReaderState } from "../../lib/store/reader-states.ts";
import { encodeRollupState } from "../../lib/store/rollup-states.ts";
import { traceWriter } from "../../lib/store/write.ts";
import type { Indexer, StreamRecord } from "../../lib/stream/port.ts";
import { type Progress, type ReaderNotice, shardReader } from "../../lib/stream/reader.ts";
import { Random } from "../data/random.ts";
import { recordCounts } from "../oracle/counts.ts";
import { type Around, around, Life } from "../support/invocations.ts";
import { joinedCounts } from "../support/joined-counts.ts";
import { memoryQuarantine } from "../support/memory-indexing.ts";
import { type MemoryItems, memoryItems } from "../support/memory-items.ts";
import { type MemoryStream, memoryStream } from "../support/memory-stream.ts";
import { madeRecords } from "./exactly-once-records.ts";

export const SHARD = "shardId-000000000000";
export const FUNCTION_TIMEOUT_MILLIS = 60_000;
export const STREAM = "spans/1764000000";
export const RETENTION_HOURS = 168;
const NOW = Date.UTC(2026, 10, 22, 12);
export const HOUR = NOW / 3_600_000;

type ShownPlan = NonNullable<StoredReaderState["plan"]>;

/** A shard full of records, the table that they are indexed into, and all that stands between them: our own code. */
export interface World {
  readonly stream: MemoryStream;
  readonly table: MemoryItems;
  readonly quarantine: ReturnType<typeof memoryQuarantine>;
  readonly records: readonly StreamRecord[];
  readonly notices: ReaderNotice[];
  /** Every plan that the shard's item ever closed, in the order in which it did. */
  readonly finished: ShownPlan[];
  /** Decoding one of these ends the process. */
  readonly deadly: Set<string>;
  now: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly records: number;
  /** Places of records that no version can read. */
  readonly garbled?: readonly number[];
  /** Places of records whose decoding ends the process. */
  readonly deadly?: readonly number[];
}

export async function aWorld({ seed, records, garbled = [], deadly = [] }: WorldOptions): Promise<World> {
  const stream = memoryStream({ shards: 1, clock: () => NOW });
  const made = madeRecords(new Random(seed), records, HOUR, NOW - 1000);
  const contents = made.map((data, i) => (garbled.includes(i) ? data.subarray(0, data.length - 3) : data));
  await stream.put(contents.map((data) => ({ place: 0n, data })));
  const held = [...stream.held(SHARD)];
  const table = memoryItems();
  const finished = watchPlans(table);
  const world: World = {
    ...{ stream, table, finished },
    records: held,
    quarantine: memoryQuarantine(),
    notices: [],
    deadly: new Set(deadly.map((i) => held[i]?.sequenceNumber ?? "")),
    now: NOW,
  };
  await raiseFence(world, HOUR - 3);
  return world;
}

const textOf = (body: Uint8Array): string => Buffer.from(body).toString();

function watchPlans(table: MemoryItems): ShownPlan[] {
  const finished: ShownPlan[] = [];
  const save = table.save.bind(table);
  table.save = async (key, register) => {
    if (key.pk !== readersPartition(STREAM)) return save(key, register);
    const before: Partial<StoredReaderState> = JSON.parse(textOf((await find(table, key))?.body ?? Buffer.from("{}")));
    const isSaved = await save(key, register);
    const after: StoredReaderState = JSON.parse(textOf(register.body));
    if (isSaved && before.plan !== undefined && after.plan === undefined) finished.push(before.plan);
    return isSaved;
  };
  return finished;
}

const find = async (table: MemoryItems, key: Key) =>
  table.stored().find((item) => item.pk === key.pk && Buffer.compare(item.sk, key.sk) === 0);

/** What rollup does to its own item, and to the shard's. */
export const raiseClosed = async (world: World, hour: number): Promise<void> => {
  await raiseFence(world, hour);
  if ((await find(world.table, readerKey(STREAM, SHARD))) !== undefined)
    await raise(world, readerKey(STREAM, SHARD), hour);
};

async function raiseFence({ table }: World, closed: number): Promise<void> {
  const body = encodeRollupState({ closed, until: undefined, floor: 0, minute: 0, rolled: -1 });
  const found = await table.load(ROLLUP_KEY);
  await table.save(ROLLUP_KEY, { body, ttl: 0, version: (found?.version ?? 0) + 1 });
}

async function raise({ table }: World, key: Key, closed: number): Promise<void> {
  for (;;) {
    const found = await table.load(key);
    const state: StoredReaderState =
      found === undefined
        ? { done: undefined, plan: undefined, lastAt: 0, closed }
        : { ...JSON.parse(textOf(found.body)), closed };
    const register = { body: encodeReaderState(state), ttl: found?.ttl ?? 0, version: (found?.version ?? 0) + 1 };
    if (await table.save(key, register)) return;
  }
}

/** What stays of an invocation when its process serves the next one: what was written is remembered. */
export interface Process {
  readonly table: MemoryItems;
  readonly indexer: Indexer;
  step: Around;
}

export function aProcess(world: World): Process {
  const process: { step: Around } = { step: async () => {} };
  const table = around(world.table, (point) => process.step(point), ["dump", "stored"]);
  return Object.assign(process, { table, indexer: indexerOn(world, table) });
}

/** One invocation, until it returns, throws or dies. `hook` is called around every call of every port. */
export function invoke(
  world: World,
  records: readonly StreamRecord[],
  hook: (point: string, life: Life) => Promise<void> | void = () => {},
  process = aProcess(world),
): Promise<Progress | "died"> {
  const life = new Life();
  const step: Around = async (point) => {
    await life.beat();
    world.now++;
    await hook(point, life);
    await life.beat();
  };
  const clock = () => world.now;
  const { table, indexer } = process;
  process.step = step;
  const read = shardReader({
    states: readerStates({ registers: table, stream: STREAM, retentionSeconds: 86_400, clock }),
    reader: around(world.stream, step, ["held"]),
    recordsPerCall: 3,
    indexer: planted(world, life, indexer),
    quarantine: around(world.quarantine, step),
    clock,
    functionTimeoutMillis: FUNCTION_TIMEOUT_MILLIS,
    onNotice: (notice) => world.notices.push(notice),
  });
  return Promise.race([read(SHARD, records), life.died]);
}

function indexerOn(world: { now: number }, items: Items): Indexer {
  const sleep = async (millis: number) => {
    world.now += millis;
  };
  const batches = itemBatches({ items, clock: () => world.now, sleep, random: () => 0.5 });
  return indexRecords(traceWriter({ batches, retentionHours: RETENTION_HOURS }), STREAM);
}

/** Decoding comes before everything else that is done with a record, and that is where deadly ones kill. */
function planted({ deadly }: World, life: Life, indexer: Indexer): Indexer {
  const decode = ({ sequenceNumber }: StreamRecord): void => {
    if (!deadly.has(sequenceNumber)) return;
    life.die();
    throw new Error("never seen: the process is gone");
  };
  return {
    check(record) {
      decode(record);
      indexer.check(record);
    },
    async index(plan, shardId, records) {
      for (const record of records) {
        decode(record);
        await life.beat();
      }
      return indexer.index(plan, shardId, records);
    },
  };
}

/** Delivers again and again, as an event source does, until it succeeds; time passes in between. Returns the tries. */
export async function deliver(
  world: World,
  records: readonly StreamRecord[],
  hook?: (point: string, life: Life) => Promise<void> | void,
  process?: Process,
): Promise<number> {
  for (let tries = 1; tries <= 100; tries++) {
    const result = await invoke(world, records, hook, process).catch(() => "failed");
    if (result !== "died" && result !== "failed") return tries;
    world.now += FUNCTION_TIMEOUT_MILLIS + 1;
  }
  throw new Error("it never succeeds");
}

/** What must hold once everything was delivered. `excluded`: places of the records that are not in the table. */
export async function expectExactlyOnce(world: World, excluded: readonly number[] = []): Promise<void> {
  const { records, finished, quarantine } = world;
  const within = (plan: ShownPlan) =>
    records.filter(
      ({ sequenceNumber }) =>
        BigInt(plan.first) <= BigInt(sequenceNumber) && BigInt(sequenceNumber) <= BigInt(plan.last),
    );
  expect(finished.flatMap(within).map(({ sequenceNumber }) => sequenceNumber)).toEqual(
    records.map(({ sequenceNumber }) => sequenceNumber),
  );
  const aside = excluded.map((i) => records[i]);
  expect(finished.flatMap((plan) => plan.excluded).sort()).toEqual(aside.map((one) => one?.sequenceNumber).sort());
  expect([...quarantine.kept.values()]).toEqual(expect.arrayContaining(aside));
  expect(quarantine.kept.size).toBe(aside.length);

  const undisturbed = memoryItems();
  const indexer = indexerOn({ now: world.now }, undisturbed);
  for (const plan of finished) {
    const readable = within(plan).filter(({ sequenceNumber }) => !plan.excluded.includes(sequenceNumber));
    if (readable.length > 0) await indexer.index({ ...plan, suspect: undefined }, SHARD, readable);
  }
  expect(world.table.dump(followsFromPlans)).toEqual(undisturbed.dump(followsFromPlans));
  expect(storedCounts(world.table)).toEqual(recordCounts(records.filter((_, i) => !excluded.includes(i))));
}

/** All but how far the shard is read, and names, which each process refreshes as it thinks fit. */
export const followsFromPlans = (pk: string): boolean => !/^[KCOVU](#|$)/.test(pk);

/** The counts of the whole table, in the oracle's words. */
export function storedCounts(table: {
  stored(): readonly { readonly pk: string; readonly body: Uint8Array }[];
}): ReturnType<typeof recordCounts> {
  const minutes = new Map<string, { calls: number; errors: number }>();
  const byTenant = new Map<string, Uint8Array[]>();
  for (const { pk, body } of table.stored()) {
    const [kind, name = "", hour] = pk.split("#");
    if (kind !== "G") continue;
    const tenant = name.replaceAll("%23", "#");
    byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), body]);
    for (const one of readOperationCounts(body).minutes) {
      const key = [tenant, hour, one.service, one.operation, one.kind, one.minute].join(" | ");
      const { calls, errors } = minutes.get(key) ?? { calls: 0, errors: 0 };
      minutes.set(key, { calls: calls + one.calls, errors: errors + one.errors });
    }
  }
  const edges = [...byTenant].map(([tenant, all]): [string, Map<string, number>] => [tenant, joinedCounts(all)]);
  return { minutes, edges: new Map(edges) };
}
