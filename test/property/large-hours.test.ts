import { describe, expect, test } from "vitest";
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { rollCounts, rollOpenCounts } from "../../lib/store/counts/roll.ts";
import type { Dependencies } from "../../lib/store/port.ts";
import { readRolledKey } from "../../lib/store/rolled-keys.ts";
import { callTraces, plansOf } from "../data/call-traces.ts";
import { Random } from "../data/random.ts";
import { edgesOf } from "../oracle/edges.ts";
import { type CountedPlan, type CountedSpan, putCounts } from "../support/counted-spans.ts";
import { memoryItems } from "../support/memory-items.ts";
import { aWorld as aRollupWorld, hourStates, index, merge, put, shardIds } from "./rollup-world.ts";

const HOUR_MILLIS = 3_600_000;
const MINUTE = 60_000;
const HOUR = 490_000;
const START = HOUR * HOUR_MILLIS;
const TENANT = "shop#1";
const MILLION = 1_000_000n;

/** A hundredth of what really is large. */
const LIMITS = { largeSpans: 6_000, windowSpans: 4_000, halves: 20_000 };
const MAX_ENTRIES = 40_000;

function aWorld() {
  const table = memoryItems();
  const world = { now: 0 };
  const clock = () => world.now;
  const batches = itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 });
  const options = { batches, clock, random: Math.random, retentionHours: 168 };
  const reader = (maxEntries = MAX_ENTRIES) => dependencyReader({ ...options, maxEntries });
  return { table, batches, world, reader };
}

async function shown(reader: Dependencies) {
  const { edges, unmet, isComplete } = await reader.dependencies(TENANT, START - HOUR_MILLIS, START + 3 * HOUR_MILLIS);
  expect(isComplete).toBe(true);
  return { unmet, edges: new Map(edges.map(({ parent, child, calls }) => [`${parent} > ${child}`, calls])) };
}

/** Jobs that take minutes: what they call is over, and counted, long before they are. */
function longJobs(count: number): CountedSpan[] {
  const random = new Random(7);
  return Array.from({ length: count }, (_, i) => {
    const start = BigInt(START + 5 * MINUTE + Math.floor((i / count) * 40 * MINUTE)) * MILLION;
    const trace = random.hex(16);
    const job = random.hex(8);
    const span = { trace, links: [], peer: undefined, name: "run", isError: false };
    const steps = Array.from({ length: 3 }, (__, n) => ({
      ...{ ...span, id: random.hex(8), parent: job, service: `step-${n}`, kind: 1 },
      ...{ startNanos: start + BigInt(n) * 10_000n * MILLION, durationNanos: 5n * MILLION },
    }));
    const own = { ...span, id: job, parent: undefined, service: "batch", kind: 1 };
    return [...steps, { ...own, startNanos: start, durationNanos: 20n * 60_000n * MILLION }];
  }).flat();
}

const spansOf = (plans: readonly CountedPlan[]): CountedSpan[] => plans.flatMap(({ spans }) => spans);

describe("of an hour too large to be joined by whoever asks", { timeout: 180_000 }, () => {
  const traffic = {
    ...{ seed: 14, traces: 14_000, services: 12 },
    // To the middle of the second hour.
    startMillis: (fraction: number) => START + 12 * MINUTE + fraction * 75 * MINUTE,
  };
  const spans = [...callTraces(traffic), ...longJobs(60)];
  const plans = plansOf(spans, { seed: 15, shards: 4, flushMillis: 5_000 });

  test("dependencies are those of the whole traces at any time, though no reader ever holds them all", async () => {
    const { batches, world, reader } = aWorld();
    const warm = reader();
    const roll = { ...{ batches, tenant: TENANT, retentionHours: 168, random: Math.random }, limits: LIMITS };
    let done = 0;
    let isClosed = false;
    for (let minute = 14; minute < 90; minute += 4) {
      const until = START + minute * MINUTE + 1_234;
      const some = plans.filter(({ at }) => at < until);
      for (const plan of some.slice(done)) await putCounts(batches, TENANT, plan);
      done = some.length;
      world.now = until;
      const expected = edgesOf(spansOf(some));
      expect([minute, (await shown(warm)).edges]).toEqual([minute, expected]);
      expect([minute, (await shown(reader())).edges]).toEqual([minute, expected]);
      if (minute >= 70 && !isClosed) await rollCounts({ ...roll, hour: HOUR, mark: until });
      isClosed ||= minute >= 70;
      if (!isClosed) await rollOpenCounts({ ...roll, hour: HOUR, mark: until });
      if (minute > 60) await rollOpenCounts({ ...roll, hour: HOUR + 1, mark: until });
      world.now += MINUTE;
      expect([minute, (await shown(reader())).edges]).toEqual([minute, expected]);
      expect([minute, (await shown(warm)).edges]).toEqual([minute, expected]);
    }
    expect(spans.length).toBeGreaterThan(1.5 * MAX_ENTRIES);
  });
});

describe("the answer says that something may be missing until a large hour is rolled again", {
  timeout: 60_000,
}, () => {
  const span = { links: [], peer: undefined, name: "op", isError: false, durationNanos: 5n * MILLION, kind: 1 };
  const many = (count: number, minute: number, isCall: boolean): CountedSpan[] =>
    Array.from({ length: count }, (_, n) => ({
      ...{ ...span, trace: (n + 1).toString(16).padStart(32, "0"), service: isCall ? "called" : "caller" },
      ...{ id: (isCall ? "2" : "1").repeat(16), parent: isCall ? "1".repeat(16) : undefined },
      startNanos: BigInt(START + minute * MINUTE) * MILLION,
    }));
  const limits = { largeSpans: 2_000, windowSpans: 1_000 };
  const rollTo = ({ batches }: ReturnType<typeof aWorld>, mark: number) => ({
    ...{ batches, tenant: TENANT, hour: HOUR, mark, retentionHours: 168, random: Math.random, limits },
  });
  const isComplete = async ({ reader }: ReturnType<typeof aWorld>): Promise<boolean> =>
    (await reader().dependencies(TENANT, START, START + HOUR_MILLIS - 1)).isComplete;

  test("when more calls waited for their callers than the roll keeps", async () => {
    // A thousand of them find theirs.
    for (const [count, expected] of [
      [100_999, true],
      [101_001, false],
    ] as const) {
      const opened = aWorld();
      await putCounts(opened.batches, TENANT, { at: START + MINUTE, spans: many(count, 1, true) });
      await putCounts(opened.batches, TENANT, { at: START + 2 * MINUTE, spans: many(1_000, 2, false) });
      opened.world.now = START + 20 * MINUTE;
      await rollOpenCounts(rollTo(opened, opened.world.now));
      const { dependencies } = dependencyReader({
        ...{ batches: opened.batches, clock: () => opened.world.now, random: Math.random, retentionHours: 168 },
      });
      const graph = await dependencies(TENANT, START, START + HOUR_MILLIS - 1);
      expect([count, graph.isComplete]).toEqual([count, expected]);
    }
  });

  test("when something came late, whose callers may be long past", async () => {
    const opened = aWorld();
    const { batches, world } = opened;
    await putCounts(batches, TENANT, { at: START + MINUTE, spans: many(3_000, 1, false) });
    await putCounts(batches, TENANT, { at: START + 2 * MINUTE, spans: many(1_000, 2, false) });
    world.now = START + 3 * HOUR_MILLIS;
    await rollCounts(rollTo(opened, world.now));
    expect(await isComplete(opened)).toBe(true);
    await putCounts(batches, TENANT, { at: world.now + MINUTE, spans: many(10, 30, true) });
    world.now += 2 * MINUTE;
    expect(await isComplete(opened)).toBe(false);
    await rollCounts(rollTo(opened, world.now));
    expect(await isComplete(opened)).toBe(true);
  });
});

test("a large hour that is closed at the mark to which it was rolled while it was under way is read as it was closed", async () => {
  const { batches, world, reader } = aWorld();
  const span = { links: [], peer: undefined, name: "op", isError: false, durationNanos: 5n * MILLION };
  const spanAt = (minute: number, n: number, id: string, service: string): CountedSpan => ({
    ...{ ...span, trace: (n + 1).toString(16).padStart(32, "0"), id: id.repeat(16), service, kind: 1 },
    ...{ parent: id === "2" ? "1".repeat(16) : undefined, startNanos: BigInt(START + minute * MINUTE) * MILLION },
  });
  const many = Array.from({ length: 3_000 }, (_, n) => n);
  // Callers that a roll of the hour under way does not look for: then there is more that waits.
  const plans = [
    { at: START - 20 * MINUTE, spans: many.map((n) => spanAt(-20, n, "1", "a")) },
    { at: START + MINUTE, spans: many.map((n) => spanAt(1, n, "2", "b")) },
    { at: START + 30 * MINUTE, spans: many.map((n) => spanAt(30, n + 3_000, "3", "c")) },
  ];
  for (const plan of plans) await putCounts(batches, TENANT, plan);
  world.now = START + 40 * MINUTE;
  const limits = { largeSpans: 5_000, windowSpans: 1_000, itemBytes: 20_000 };
  const common = { batches, tenant: TENANT, hour: HOUR, mark: world.now, retentionHours: 168, limits };
  const roll = { ...common, random: Math.random };
  await rollOpenCounts(roll);
  await rollCounts(roll);
  expect((await shown(reader(5_000))).edges).toEqual(edgesOf(spansOf(plans)));
});

test("a large hour is rolled while it is under way, each time that as much has come again", async () => {
  const world = aRollupWorld(5, 240);
  const largeMarks = (): Set<string> =>
    new Set(
      world.table
        .stored()
        .filter(({ pk, sk }) => pk.startsWith("M#") && sk[0] === 3)
        .map(({ pk, sk }) => `${pk} ${readRolledKey(sk).hour} ${readRolledKey(sk).mark}`),
    );
  const mergeAll = async (): Promise<void> => {
    for (const [name] of hourStates(world)) {
      const [tenant, hour] = name.split(" ") as [string, string];
      const mark = world.now + 1;
      await merge(world, { tenant, hour: Number(hour), mark, isClosing: false, openHeads: 2 });
    }
  };
  const later = world.records.splice(120);
  await put(world, 120);
  for (const shard of await shardIds(world)) for (let i = 0; i < 60; i++) await index(world, shard);
  await mergeAll();
  const first = largeMarks();
  expect(first.size).toBeGreaterThan(0);
  world.now += MINUTE;
  await mergeAll();
  expect(largeMarks()).toEqual(first);
  world.records.push(...later);
  await put(world, 120);
  for (const shard of await shardIds(world)) for (let i = 0; i < 60; i++) await index(world, shard);
  await mergeAll();
  expect(largeMarks().size).toBeGreaterThan(first.size);
  expect([...hourStates(world).values()].every(({ summary }) => !summary?.isClosed)).toBe(true);
  expect(world.faults).toEqual([]);
});
