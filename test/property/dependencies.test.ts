import { describe, expect, test } from "vitest";
import { type Batches, itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { readHourMinutes } from "../../lib/store/counts/read-minutes.ts";
import { rollCounts } from "../../lib/store/counts/roll.ts";
import { quantileNanos } from "../../lib/store/counts/sketch.ts";
import type { Dependencies } from "../../lib/store/port.ts";
import { callTraces, plansOf } from "../data/call-traces.ts";
import { edgesOf } from "../oracle/edges.ts";
import { type CountedPlan, type CountedSpan, putCounts } from "../support/counted-spans.ts";
import { type MemoryItems, memoryItems } from "../support/memory-items.ts";

const HOUR_MILLIS = 3_600_000;
const HOUR = 490_000;
const START = HOUR * HOUR_MILLIS;
const TENANT = "shop#1";
const MINUTE = 60_000;

interface World {
  readonly table: MemoryItems;
  readonly batches: Batches;
  /** Kept all the time, and so remembers what it read. */
  readonly warm: Dependencies;
  now: number;
}

function aWorld(): World {
  const table = memoryItems();
  const clock = () => world.now;
  const batches = itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 });
  const world: World = { table, batches, warm: readerOf(batches, clock), now: 0 };
  return world;
}

const readerOf = (batches: Batches, clock: () => number): Dependencies =>
  dependencyReader({ batches, clock, random: Math.random, retentionHours: 168 });

const coldReader = ({ batches, now }: World): Dependencies => readerOf(batches, () => now);

const roll = ({ batches }: World, hour: number, mark: number, limits = {}) =>
  rollCounts({ batches, tenant: TENANT, hour, mark, retentionHours: 168, random: Math.random, limits });

async function shown(reader: Dependencies, from = START - HOUR_MILLIS, to = START + 4 * HOUR_MILLIS) {
  const { edges, isComplete } = await reader.dependencies(TENANT, from, to);
  expect(isComplete).toBe(true);
  return new Map(edges.map(({ parent, child, calls }) => [`${parent} > ${child}`, calls]));
}

const deliver = async (world: World, plans: readonly CountedPlan[]): Promise<void> => {
  for (const plan of plans) await putCounts(world.batches, TENANT, plan);
  world.now = Math.max(world.now, plans.at(-1)?.at ?? 0);
};

const spansOf = (plans: readonly CountedPlan[]): CountedSpan[] => plans.flatMap(({ spans }) => spans);

/** Long enough for what was read once to be looked at again. */
const wait = (world: World): void => {
  world.now += MINUTE;
};

async function expectExact(world: World, plans: readonly CountedPlan[]): Promise<void> {
  const expected = edgesOf(spansOf(plans));
  expect(await shown(coldReader(world))).toEqual(expected);
  wait(world);
  expect(await shown(world.warm)).toEqual(expected);
}

describe("dependencies of 20,000 traces through eight shards", { timeout: 120_000 }, () => {
  /** Six minutes around each of two hours' ends, and the hour under way. */
  const spans = callTraces({
    ...{ seed: 4, traces: 20_000, services: 12 },
    startMillis: (fraction) =>
      START + (Math.floor(fraction * 3) + 1) * HOUR_MILLIS - 3 * MINUTE + ((fraction * 3) % 1) * 6 * MINUTE,
  });
  const plans = plansOf(spans, { seed: 5, shards: 8, flushMillis: 5_000 });
  const until = (millis: number): CountedPlan[] => plans.filter(({ at }) => at < millis);
  const world = aWorld();
  const ends = [1, 2, 3].map((n) => START + n * HOUR_MILLIS);
  const closings = ends.map((end) => end + 10 * MINUTE);

  test("are those of the whole traces at any time, while hours are open, rolled, and rolled again", async () => {
    expect([plans.length > 1_000, spans.length > 100_000]).toEqual([true, true]);
    let done = 0;
    const deliverUntil = async (millis: number): Promise<void> => {
      const some = until(millis);
      await deliver(world, some.slice(done));
      done = some.length;
    };
    for (const [i, end] of ends.entries()) {
      // In the middle of it, where most calls have one end only.
      await deliverUntil(end + MINUTE);
      await expectExact(world, until(end + MINUTE));
      const mark = closings[i] as number;
      await deliverUntil(mark);
      world.now = mark;
      await expectExact(world, until(mark));
      await roll(world, HOUR + i - 1, mark);
      await roll(world, HOUR + i, mark);
      await expectExact(world, until(mark));
    }
    await deliverUntil(Number.POSITIVE_INFINITY);
    await roll(world, HOUR + 3, START + 5 * HOUR_MILLIS);
    world.now = START + 7 * HOUR_MILLIS;
    await expectExact(world, plans);
  });

  test("add up from those of single hours", async () => {
    const sums = new Map<string, number>();
    for (let hour = HOUR; hour < HOUR + 4; hour++)
      for (const [edge, calls] of await shown(world.warm, hour * HOUR_MILLIS, (hour + 1) * HOUR_MILLIS - 1))
        sums.set(edge, (sums.get(edge) ?? 0) + calls);
    expect(sums).toEqual(edgesOf(spans));
  });

  test("come with calls and errors that are exact, and quantiles within 5 %", async () => {
    const expected = Map.groupBy(spans, (span) =>
      [span.service, span.name, span.kind, span.startNanos / 60_000_000_000n].join("/"),
    );
    const seen = new Set<string>();
    for (let hour = HOUR; hour < HOUR + 4; hour++)
      for (const row of await readHourMinutes(world.batches, TENANT, hour)) {
        const key = [row.service, row.operation, row.kind, hour * 60 + row.minute].join("/");
        const own = expected.get(key) ?? [];
        expect([row.calls, row.errors]).toEqual([own.length, own.filter(({ isError }) => isError).length]);
        const durations = own.map(({ durationNanos }) => Number(durationNanos)).sort((a, b) => a - b);
        for (const quantile of [0, 0.5, 0.95, 0.99, 1]) {
          const exact = durations[Math.floor(quantile * (durations.length - 1))] ?? Number.NaN;
          expect(Math.abs((quantileNanos(row.durations, quantile) ?? 0) - exact) / exact).toBeLessThan(0.0501);
        }
        seen.add(key);
      }
    expect(seen.size).toBe(expected.size);
  });
});

describe("rolling an hour", { timeout: 60_000 }, () => {
  const spans = callTraces({
    ...{ seed: 9, traces: 150, services: 6 },
    startMillis: (fraction) => START + HOUR_MILLIS - MINUTE + fraction * 2 * MINUTE,
  });
  const plans = plansOf(spans, { seed: 10, shards: 3, flushMillis: 10_000 });
  const mark = START + 3 * HOUR_MILLIS;
  const rolledItems = ({ table }: World): string[] => table.dump((pk) => pk.startsWith("M#"));

  async function delivered(some = plans): Promise<World> {
    const world = aWorld();
    await deliver(world, some);
    world.now = mark + HOUR_MILLIS;
    return world;
  }

  async function rolled(limits = {}): Promise<World> {
    const world = await delivered();
    for (const hour of [HOUR, HOUR + 1]) await roll(world, hour, mark, limits);
    return world;
  }

  test("says what it counted", async () => {
    const world = await delivered();
    const report = await roll(world, HOUR + 1, mark);
    const own = spans.filter(({ startNanos }) => startNanos >= BigInt(START + HOUR_MILLIS) * 1_000_000n);
    expect([report.spans, report.foldedOperations]).toEqual([own.length, 0]);
    const byId = Map.groupBy(spans, ({ trace, id }) => `${trace}/${id}`);
    const lost = own
      .filter(({ trace, id, kind }) => kind !== 2 || !byId.get(`${trace}/${id}`)?.some((other) => other.kind === 3))
      .flatMap(({ trace, parent, links }) =>
        [...(parent === undefined ? [] : [parent]), ...links].map((id) => [trace, id]),
      )
      .filter(([trace, id]) => !byId.has(`${trace}/${id}`));
    expect(lost.length).toBeGreaterThan(5);
    expect(report.unmet).toBe(lost.length);
  });

  test("writes the same bytes whoever does it, however often, and two at once", async () => {
    const once = rolledItems(await rolled());
    const world = await rolled();
    await Promise.all([roll(world, HOUR, mark), roll(world, HOUR + 1, mark), roll(world, HOUR, mark)]);
    expect(rolledItems(world)).toEqual(once);
    expect(once.length).toBeGreaterThan(6);
  });

  test("writes the same bytes whether halves are joined all together or a few at a time", async () => {
    const all = rolledItems(await rolled());
    for (const halves of [1, 100, 700]) expect(rolledItems(await rolled({ halves }))).toEqual(all);
  });

  test("is not there before it is there whole: a crash at any call of the table changes nothing", async () => {
    const limits = { itemBytes: 500 };
    const whole = await rolled(limits);
    const expected = rolledItems(whole);
    const exact = edgesOf(spans);
    for (let end = 1; ; end++) {
      const world = await delivered();
      let calls = 0;
      world.table.faults = ({ phase }) => {
        calls++;
        if (calls === end) throw new Error(`the process is gone ${phase} the call`);
        return undefined;
      };
      const crashed = await rollOf(world, limits).catch(() => undefined);
      world.table.faults = undefined;
      if (crashed !== undefined) break;
      expect(await shown(coldReader(world))).toEqual(exact);
      await rollOf(world, limits);
      expect(rolledItems(world)).toEqual(expected);
    }
    expect(await shown(coldReader(whole))).toEqual(exact);
  });

  const rollOf = async (world: World, limits: object) => {
    await roll(world, HOUR, mark, limits);
    return roll(world, HOUR + 1, mark, limits);
  };

  test("in any order, before and after its neighbours are there, comes to the same in the end", async () => {
    const early = START + 2 * HOUR_MILLIS + 10 * MINUTE;
    for (const order of [
      [HOUR, HOUR + 1],
      [HOUR + 1, HOUR],
      [HOUR + 1, HOUR, HOUR + 1],
    ]) {
      const world = aWorld();
      const [first, second] = [plans.slice(0, plans.length >> 1), plans.slice(plans.length >> 1)];
      await deliver(world, first);
      for (const hour of order) await roll(world, hour, (first.at(-1)?.at ?? 0) + 1);
      await deliver(world, second);
      for (const hour of order) await roll(world, hour, early);
      world.now = START + 8 * HOUR_MILLIS;
      await expectExact(world, plans);
      for (const hour of order) await roll(world, hour, mark);
      await expectExact(world, plans);
    }
  });

  test("what comes after it is met by the rest at once, and once the hour is rolled again", async () => {
    // Every fifth span of the traces comes late.
    const isLate = (_: CountedSpan, i: number): boolean => i % 5 === 0;
    const late: CountedPlan = { at: mark + HOUR_MILLIS + 3 * MINUTE, spans: spans.filter(isLate) };
    const others = plansOf(
      spans.filter((span, i) => !isLate(span, i)),
      { seed: 3, shards: 2, flushMillis: 10_000 },
    );
    const world = await delivered(others);
    for (const hour of [HOUR, HOUR + 1]) await roll(world, hour, mark);
    await expectExact(world, others);
    await deliver(world, [late]);
    wait(world);
    await expectExact(world, [...others, late]);
    const calls = await Promise.all([HOUR, HOUR + 1].map((hour) => readHourMinutes(world.batches, TENANT, hour)));
    expect(calls.flat().reduce((sum, row) => sum + row.calls, 0)).toBe(spans.length);
    for (const hour of [HOUR, HOUR + 1]) await roll(world, hour, mark + 2 * HOUR_MILLIS);
    await expectExact(world, [...others, late]);
  });

  test("keeps the most frequent operations and edges, and counts the rest under one name", async () => {
    const world = await delivered();
    const before = await Promise.all([HOUR, HOUR + 1].map((hour) => readHourMinutes(world.batches, TENANT, hour)));
    const edges = await shown(coldReader(world));
    const limits = { operations: 5, edges: 4 };
    const report = await roll(world, HOUR, mark, limits);
    await roll(world, HOUR + 1, mark, limits);
    const after = await Promise.all([HOUR, HOUR + 1].map((hour) => readHourMinutes(world.batches, TENANT, hour)));
    const named = new Set(
      after[0]?.filter((row) => row.operation !== "").map((row) => [row.service, row.operation, row.kind].join()),
    );
    expect(named.size).toBe(5);
    const distinct = new Set(before[0]?.map((row) => [row.service, row.operation, row.kind].join()));
    expect(report.foldedOperations).toBe(distinct.size - 5);
    const sum = (rows: typeof before, of: "calls" | "errors") => rows.flat().reduce((all, row) => all + row[of], 0);
    expect([sum(after, "calls"), sum(after, "errors")]).toEqual([sum(before, "calls"), sum(before, "errors")]);
    const folded = await shown(coldReader(world));
    expect(folded.size).toBeLessThanOrEqual(2 * 4 + 1);
    expect([...folded.values()].reduce((a, b) => a + b)).toBe([...edges.values()].reduce((a, b) => a + b));
    expect(folded.get("other > other")).toBeGreaterThan(0);
  });
});

/** A world to which nothing is delivered yet, and what a minute brings. */
function aMinute(traces = 50) {
  const startMillis = (fraction: number): number => START + fraction * MINUTE;
  const spans = callTraces({ seed: 2, traces, services: 3, startMillis });
  return { world: aWorld(), plans: plansOf(spans, { seed: 3, shards: 2, flushMillis: 5_000 }) };
}

describe("reading", () => {
  test("holds no more than it may, and says that the answer lacks something", async () => {
    const { world, plans } = aMinute();
    await deliver(world, plans);
    const { batches } = world;
    const options = { batches, clock: () => world.now, random: Math.random, retentionHours: 168, maxEntries: 60 };
    const reader = dependencyReader(options);
    const { edges, isComplete } = await reader.dependencies(TENANT, START, START + MINUTE);
    expect(isComplete).toBe(false);
    expect(edges.length).toBeGreaterThan(0);
  });

  test("of more than it may hold takes what is rolled, however early, and adds what came since", async () => {
    const { world, plans } = aMinute();
    const [before, since] = [plans.slice(0, -4), plans.slice(-4)];
    await deliver(world, plans);
    const mark = since[0]?.at ?? 0;
    await roll(world, HOUR, mark);
    const ids = since.reduce((sum, plan) => sum + plan.spans.length, 0);
    const { batches } = world;
    const options = { batches, clock: () => world.now, random: Math.random, retentionHours: 168, maxEntries: ids + 50 };
    const { edges, isComplete } = await dependencyReader(options).dependencies(TENANT, START, START + MINUTE);
    expect(isComplete).toBe(false);
    const expected = edgesOf(spansOf(before));
    for (const [edge, calls] of edgesOf(spansOf(since))) expected.set(edge, (expected.get(edge) ?? 0) + calls);
    expect(new Map(edges.map(({ parent, child, calls }) => [`${parent} > ${child}`, calls]))).toEqual(expected);
  });

  test("sees a plan that had to wait for minutes before it could write", async () => {
    const { world, plans } = aMinute();
    const [stuck, ...others] = plans as [CountedPlan, ...CountedPlan[]];
    await deliver(world, others);
    world.now += 8 * MINUTE;
    await expectExact(world, others);
    await deliver(world, [stuck]);
    world.now += 2 * MINUTE;
    await expectExact(world, plans);
  });

  test("sees within ten minutes one that had to wait for most of an hour, though nothing is rolled meanwhile", async () => {
    const { world, plans } = aMinute();
    const [stuck, ...others] = plans as [CountedPlan, ...CountedPlan[]];
    await deliver(world, others);
    for (let minutes = 0; minutes < 40; minutes++) {
      wait(world);
      await shown(world.warm);
    }
    await deliver(world, [stuck]);
    for (let minutes = 0; minutes < 10; minutes++) {
      wait(world);
      await shown(world.warm);
    }
    await expectExact(world, plans);
  });

  test("goes on where the clock is set back, by whatever it is, and whatever was rolled before", async () => {
    const startMillis = (fraction: number): number => START + (40 + fraction * 10) * MINUTE;
    const spans = callTraces({ seed: 6, traces: 80, services: 4, startMillis });
    const plans = plansOf(spans, { seed: 7, shards: 2, flushMillis: 5_000 });
    const [before, since] = [plans.slice(0, plans.length >> 1), plans.slice(plans.length >> 1)];
    for (const back of [10_000, 2 * MINUTE, 30 * MINUTE, HOUR_MILLIS])
      for (const isRolled of [false, true]) {
        const world = aWorld();
        await deliver(world, before);
        await expectExact(world, before);
        const { now } = world;
        // A shard's plans are never made before its last one, whatever the clock says.
        await deliver(world, since);
        if (isRolled) await roll(world, HOUR, START + 2 * HOUR_MILLIS);
        world.now = now - back;
        expect([back, await shown(world.warm)]).toEqual([back, edgesOf(spans)]);
      }
  });

  test("of more than it may hold once is tried again at once after the clock was set back", async () => {
    const { world, plans } = aMinute();
    await deliver(world, plans);
    const { batches } = world;
    const options = { batches, clock: () => world.now, random: Math.random, retentionHours: 168, maxEntries: 60 };
    const reader = dependencyReader(options);
    const ask = () => reader.dependencies(TENANT, START, START + MINUTE);
    expect((await ask()).isComplete).toBe(false);
    await roll(world, HOUR, START + 2 * HOUR_MILLIS);
    world.now = START - 2 * HOUR_MILLIS;
    const { edges, isComplete } = await ask();
    expect(isComplete).toBe(true);
    expect(new Map(edges.map(({ parent, child, calls }) => [`${parent} > ${child}`, calls]))).toEqual(
      edgesOf(spansOf(plans)),
    );
  });

  test("of one tenant touches nothing of another, and asks nobody again within seconds", async () => {
    const { world, plans } = aMinute(5);
    await deliver(world, plans);
    const partitions = new Set<string>();
    world.table.faults = ({ keys }) => {
      for (const { pk } of keys) partitions.add(pk.split("#")[1] as string);
      return undefined;
    };
    const other = await world.warm.dependencies("other", START, START + MINUTE);
    expect(other).toEqual({ edges: [], unmet: 0, isComplete: true });
    expect([...partitions]).toEqual(["other"]);
    const { calls } = world.table;
    world.now += 2_000;
    await world.warm.dependencies("other", START, START + MINUTE);
    expect(world.table.calls).toBe(calls);
  });

  test("hours beyond the retention are not shown, though the table may still hold them", async () => {
    const { world, plans } = aMinute(20);
    await deliver(world, plans);
    expect((await shown(world.warm)).size).toBeGreaterThan(0);
    world.now = START + 170 * HOUR_MILLIS;
    expect((await shown(world.warm)).size).toBe(0);
  });
});
