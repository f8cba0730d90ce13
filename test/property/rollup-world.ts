import { expect } from "vitest";
import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import { type MergeTask, rollUp } from "../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import type { Items, Key, Registers } from "../../lib/store/items.ts";
import { mergedInputsKey, readHeadKey, readLateHeadKey, summaryKey } from "../../lib/store/keys.ts";
import { readMergedInputs } from "../../lib/store/merge/read-inputs.ts";
import { readSummary } from "../../lib/store/merge/read-summary.ts";
import type { HourSummary, MergedHead } from "../../lib/store/merge/types.ts";
import { decodeReaderState } from "../../lib/store/reader-states.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { shardReader } from "../../lib/stream/reader.ts";
import { Random } from "../data/random.ts";
import { type Around, around, Life } from "../support/invocations.ts";
import { memoryQuarantine } from "../support/memory-indexing.ts";
import { type MemoryItems, memoryItems } from "../support/memory-items.ts";
import { type MemoryStream, memoryStream } from "../support/memory-stream.ts";
import { madeRecords } from "./exactly-once-records.ts";

const RETENTION_HOURS = 168;
const MERGE_MILLIS = 5 * 60_000;
const FUNCTION_TIMEOUT_MILLIS = 60_000;
/** As if a few plans were more than a reader can join. */
const LARGE_SPANS = 20;
const HOUR_MILLIS = 3_600_000;
const HOUR = Date.UTC(2026, 10, 22, 12) / HOUR_MILLIS;
const STREAMS = ["spans/1764000000", "foreign/1764000001"] as const;

/** Two streams, their shards' indexers, the table, and rollups with their merges. */
export interface World {
  readonly random: Random;
  readonly table: MemoryItems;
  readonly streams: ReadonlyMap<string, MemoryStream>;
  /** How far each indexer's clock is off, by stream and shard, milliseconds. */
  readonly skew: Map<string, number>;
  /** Merges that were begun; asynchronous invocations, which come late, twice or never. */
  readonly tasks: MergeTask[];
  /** Records that will be put, oldest first. */
  readonly records: Uint8Array[];
  /** What went wrong without being meant to. */
  readonly faults: unknown[];
  now: number;
}

export function aWorld(seed: number, records: number): World {
  const random = new Random(seed);
  const now = (HOUR - 2) * HOUR_MILLIS;
  const world: World = {
    ...{ random, now },
    table: memoryItems(),
    streams: new Map(STREAMS.map((name) => [name, memoryStream({ shards: 2, clock: () => world.now })])),
    skew: new Map(),
    tasks: [],
    records: madeRecords(random, records, HOUR, now),
    faults: [],
  };
  return world;
}

/** The same table at the same time; nothing is left to be put. */
export async function copyOf({ table, now }: World): Promise<World> {
  const copy = aWorld(1, 0);
  for (const { version, ...item } of table.stored())
    if (version === undefined) await copy.table.put([item]);
    else for (let v = 1; v <= version; v++) await copy.table.save(item, { ...item, version: v });
  copy.now = now;
  return copy;
}

export type Hook = (point: string, life: Life) => Promise<void> | void;

export async function put(world: World, count: number): Promise<void> {
  for (const data of world.records.splice(0, count)) {
    const stream = world.random.pick([...world.streams.values()]);
    const place = BigInt(`0x${world.random.hex(16)}`);
    await stream.put([{ place, data }]);
  }
}

/** One invocation, until it returns, throws or dies. */
async function invoke<T>(world: World, hook: Hook, work: (table: Items & Registers) => Promise<T>): Promise<void> {
  const life = new Life();
  const step: Around = async (point) => {
    await life.beat();
    world.now++;
    await hook(point, life);
    await life.beat();
  };
  const table = around(world.table, step, ["dump", "stored"]);
  await Promise.race([work(table), life.died]).catch((fault: unknown) => world.faults.push(fault));
}

const batchesOf = (world: World, items: Items, clock = () => world.now) =>
  itemBatches({
    items,
    clock,
    sleep: async (millis) => {
      world.now += millis;
    },
    random: () => 0.5,
  });

export const shardIds = async (world: World): Promise<(readonly [stream: string, shard: string])[]> =>
  (
    await Promise.all(
      [...world.streams].map(async ([name, stream]) => (await stream.shards()).map(({ id }) => [name, id] as const)),
    )
  ).flat();

/** Indexes the next few records of a shard, as a plan of their own. */
export function index(
  world: World,
  [name, shardId]: readonly [string, string],
  hook: Hook = () => {},
  count = 1,
): Promise<void> {
  const clock = () => Math.floor(world.now + (world.skew.get(`${name} ${shardId}`) ?? 0));
  return invoke(world, hook, async (table) => {
    const stream = world.streams.get(name) ?? memoryStream({ shards: 1 });
    const states = readerStates({ registers: table, stream: name, retentionSeconds: 86_400, clock });
    const { done } = await states.load(shardId);
    const fresh = stream.held(shardId).filter(({ sequenceNumber }) => BigInt(sequenceNumber) > BigInt(done ?? 0));
    const store = traceWriter({ batches: batchesOf(world, table, clock), retentionHours: RETENTION_HOURS });
    const read = shardReader({
      ...{ states, reader: stream, clock, quarantine: memoryQuarantine(), recordsPerCall: 10 },
      indexer: indexRecords(store, name),
      functionTimeoutMillis: FUNCTION_TIMEOUT_MILLIS,
      onNotice: (notice) => world.faults.push(notice),
    });
    await read(shardId, fresh.slice(0, count));
  });
}

/** Makes the item of a shard, as an indexer does that dies before it puts its first plan. */
export async function newShard(world: World): Promise<void> {
  const states = readerStates({
    ...{ registers: world.table, stream: STREAMS[0], retentionSeconds: 86_400, clock: () => world.now },
  });
  const state = { done: undefined, plan: undefined, lastAt: 0, closed: -1, version: 1 };
  await states.save("shardId-000000000009", state);
}

/** Runs rollup once, in a process of its own. */
export function roll(world: World, hook: Hook = () => {}, tasksPerRun = 20): Promise<void> {
  return invoke(world, hook, async (table) => {
    const run = rollUp({
      ...{ batches: batchesOf(world, table), registers: table, retentionHours: RETENTION_HOURS, tasksPerRun },
      clock: () => world.now,
      mergeMillis: MERGE_MILLIS,
      dispatch: async (task) => {
        world.tasks.push(task);
      },
    });
    await run();
  });
}

/** Does a merge that was begun. */
export function merge(world: World, task: MergeTask, hook: Hook = () => {}): Promise<void> {
  return invoke(world, hook, async (table) => {
    const batches = batchesOf(world, table);
    const options = { batches, registers: table, retentionHours: RETENTION_HOURS, mergeMillis: MERGE_MILLIS };
    await mergeHour(task, { ...options, clock: () => world.now, random: () => 0.5, largeSpans: LARGE_SPANS });
  });
}

/** Undisturbed, until nothing is left to do. */
export async function settle(world: World, mostRounds = 40): Promise<void> {
  world.faults.length = 0;
  await put(world, world.records.length);
  for (const shard of await shardIds(world)) {
    world.now += FUNCTION_TIMEOUT_MILLIS + 1;
    await index(world, shard, () => {}, 1000);
  }
  for (let rounds = 0; rounds < mostRounds; rounds++) {
    world.now += 6 * 60_000;
    await roll(world);
    for (const task of world.tasks.splice(0)) await merge(world, task);
  }
  expect(world.faults).toEqual([]);
}

interface HourState {
  readonly summary: HourSummary | undefined;
  /** Of heads, as "at segment". */
  readonly heads: readonly string[];
  readonly late: readonly string[];
  readonly merged: readonly string[];
  readonly mergedLate: readonly string[];
}

const HOURS: ReadonlySet<number> = new Set(Array.from({ length: 13 }, (_, i) => HOUR - 6 + i));
const TENANTS = ["shop", "bank", "shop#1"];

/** What stands of every tenant's hour, read past all of our own readers. */
export function hourStates({ table }: World): Map<string, HourState> {
  const stored = table.stored();
  const states = new Map<string, HourState>();
  for (const tenant of TENANTS)
    for (const hour of HOURS) states.set(`${tenant} ${hour}`, hourState(stored, tenant, hour));
  return states;
}

type Stored = ReturnType<MemoryItems["stored"]>;

function hourState(stored: Stored, tenant: string, hour: number): HourState {
  const found = stored.find(isAt(summaryKey(tenant, hour)));
  const summary = found === undefined ? undefined : readSummary(found.body);
  const inputsOf = (merged: readonly MergedHead[] = []): string[] =>
    merged.flatMap(({ id, inputParts }) => {
      const keys = Array.from({ length: inputParts }, (_, n) => mergedInputsKey(tenant, id, n));
      const parts = keys.map((key) => stored.find(isAt(key))?.body ?? new Uint8Array());
      return readMergedInputs(parts).map(({ at, head }) => `${at} ${head.segment}`);
    });
  const name = tenant.replaceAll("#", "%23");
  const late = stored
    .filter(({ pk, sk }) => pk.startsWith(`H#${name}#`) && sk.length > 20)
    .map(({ sk }) => readLateHeadKey(sk));
  return {
    summary,
    heads: stored.filter(({ pk }) => pk === `S#${name}#${hour}`).map(({ sk }) => textOf(readHeadKey(sk))),
    late: late.filter((key) => key.hour === hour).map(textOf),
    merged: inputsOf(summary?.merged),
    mergedLate: inputsOf(summary?.mergedLate),
  };
}

const isAt =
  (key: Key) =>
  ({ pk, sk }: Key): boolean =>
    pk === key.pk && Buffer.compare(sk, key.sk) === 0;

const textOf = ({ at, segment }: { readonly at: number; readonly segment: string }): string => `${at} ${segment}`;
const atOf = (text: string): number => Number(text.slice(0, text.indexOf(" ")));

/** What must hold at any time: summaries say exactly which heads they stand for. */
export function expectExact(world: World): void {
  for (const [name, { summary, heads, late, merged, mergedLate }] of hourStates(world)) {
    const below = (all: readonly string[], mark: number) => all.filter((one) => atOf(one) < mark).sort();
    expect([name, merged.toSorted()]).toEqual([name, below(heads, summary?.mark ?? 0)]);
    expect([name, mergedLate.toSorted()]).toEqual([name, below(late, summary?.markLate ?? 0)]);
    if (summary?.isClosed) expect([name, merged.length]).toEqual([name, heads.length]);
  }
}

/** What must hold once everything is calm: every plan is finished, and every hour that ended long ago is closed and whole. */
export function expectSettled(world: World): void {
  expectExact(world);
  for (const { pk, sk, body, ttl } of world.table.stored()) {
    if (pk.startsWith("K#")) expect(decodeReaderState(body).plan).toBeUndefined();
    // A whole hour's end and the retention, whatever of it was merged, and when.
    const hour = ttl / 3600 - 1 - RETENTION_HOURS;
    if (/^[NJTM]#/.test(pk)) expect([pk, HOURS.has(hour)]).toEqual([pk, true]);
    if (pk.startsWith("H#") && sk.length === 5) expect([pk, hour]).toEqual([pk, Buffer.from(sk).readUInt32BE(1)]);
  }
  for (const [name, { summary, heads }] of hourStates(world))
    if (heads.length > 0) expect([name, summary?.isClosed]).toEqual([name, true]);
}
