import { describe, expect, test } from "vitest";
import { rollupHours } from "../../../../lib/pipeline/rollup/hours.ts";
import { type MergeTask, rollUp } from "../../../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../../../lib/store/batches.ts";
import { MAX_PUT_ITEMS } from "../../../../lib/store/items.ts";
import { lateHeadKey, minuteOf, ROLLUP_KEY, readerKey, streamKey, workKey } from "../../../../lib/store/keys.ts";
import { decodeReaderState, encodeReaderState } from "../../../../lib/store/reader-states.ts";
import { decodeRollupState } from "../../../../lib/store/rollup-states.ts";
import { type MemoryItems, memoryItems } from "../../../support/memory-items.ts";

const HOUR_MILLIS = 3_600_000;
const HOUR = Date.UTC(2026, 10, 22, 12) / HOUR_MILLIS;
const RETENTION_HOURS = 24;
const PLAN = { first: "1", last: "2", closed: -1, tries: 1, suspect: undefined, excluded: [] };

interface World {
  readonly table: MemoryItems;
  readonly tasks: MergeTask[];
  /** Partitions that were queried, and "load" and "save" of what. */
  readonly calls: string[];
  now: number;
}

function aWorld(): World {
  const calls: string[] = [];
  const table = memoryItems();
  table.faults = ({ name, phase, keys }) => {
    if (phase === "before") calls.push(...keys.map(({ pk }) => `${name} ${pk}`));
    return undefined;
  };
  return { table, tasks: [], calls, now: HOUR * HOUR_MILLIS + 30 * 60_000 };
}

function rolling(world: World) {
  const { table } = world;
  const clock = () => world.now;
  const batches = itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 });
  return { batches, registers: table, clock, retentionHours: RETENTION_HOURS, mergeMillis: 60_000 };
}

/** One process. */
function aRollup(world: World) {
  return rollUp({
    ...rolling(world),
    tasksPerRun: 3,
    dispatch: async (task) => {
      world.tasks.push(task);
    },
  });
}

interface AShard {
  readonly stream?: string;
  readonly shardId?: string;
  readonly lastAt: number;
  readonly openAt?: number;
  /** Seconds. */
  readonly ttl?: number;
}

async function put({ table, now }: World, { stream = "s/1", shardId = "0", lastAt, openAt, ttl }: AShard) {
  const known = await table.load(streamKey(stream));
  const body = Buffer.from(stream);
  const living = Math.floor(now / 1000) + 86_400;
  await table.save(streamKey(stream), { body, ttl: living, version: (known?.version ?? 0) + 1 });
  const plan = openAt === undefined ? undefined : { ...PLAN, at: openAt };
  const state = encodeReaderState({ done: undefined, plan, lastAt, closed: -1 });
  const found = await table.load(readerKey(stream, shardId));
  const register = { body: state, ttl: ttl ?? living, version: (found?.version ?? 0) + 1 };
  await table.save(readerKey(stream, shardId), register);
}

const work = ({ table }: World, at: number, tenant: string, hour: number) =>
  table.put([{ ...workKey(minuteOf(at), tenant, hour), body: Buffer.from(tenant), ttl: 1 }]);

async function stateOf({ table }: World, stream = "s/1", shardId = "0") {
  const found = await table.load(readerKey(stream, shardId));
  return decodeReaderState(found?.body ?? Buffer.from("{}"));
}

const progressOf = async ({ table }: World) =>
  decodeRollupState((await table.load(ROLLUP_KEY))?.body ?? Buffer.from("{}"));

describe("where nothing comes", () => {
  test("a run asks how far readers are, and for nothing else", async () => {
    const world = aWorld();
    const run = aRollup(world);
    await put(world, { lastAt: world.now - 5_000 });
    for (let i = 0; i < 4; i++) {
      world.now += 60_000;
      await run();
    }
    world.calls.length = 0;
    world.now += 60_000;
    expect(await run()).toEqual({ tasks: 0, isBehind: false, isIdle: true, waitsFor: [] });
    expect(world.calls).toEqual(["query K", "query K#s/1"]);
  });

  test("and nobody has ever written, it asks once", async () => {
    const world = aWorld();
    expect(await aRollup(world)()).toEqual({ tasks: 0, isBehind: false, isIdle: true, waitsFor: [] });
    expect(world.calls).toEqual(["query K"]);
  });

  test("an hour is closed all the same, ten minutes after its end", async () => {
    const world = aWorld();
    const run = aRollup(world);
    await put(world, { lastAt: world.now });
    await work(world, world.now, "acme", HOUR);
    while (world.now < (HOUR + 1) * HOUR_MILLIS + 9 * 60_000) {
      world.now += 60_000;
      await run();
    }
    expect(world.tasks).toEqual([]);
    world.now += 61_000;
    expect((await run()).tasks).toBe(1);
    expect(world.tasks).toMatchObject([{ tenant: "acme", hour: HOUR, isClosing: true }]);
    expect((await stateOf(world)).closed).toBe(HOUR);
    // Being merged: nobody begins again before that has had its time.
    world.now += 50_000;
    expect((await run()).tasks).toBe(0);
    world.now += 11_000;
    expect((await run()).tasks).toBe(1);
  });
});

describe("what holds an hour up", () => {
  const closing = (HOUR + 1) * HOUR_MILLIS + 11 * 60_000;

  async function closed(world: World, minutes: number): Promise<boolean> {
    const run = aRollup(world);
    for (let i = 0; i < minutes; i++) {
      await run();
      world.now += 60_000;
    }
    return world.tasks.some(({ isClosing }) => isClosing);
  }

  async function ready(): Promise<World> {
    const world = aWorld();
    await put(world, { lastAt: world.now });
    await work(world, world.now, "acme", HOUR);
    await aRollup(world)();
    world.now = closing;
    return world;
  }

  test("a plan that was open when the hour was closed, until it is finished", async () => {
    const world = await ready();
    await put(world, { shardId: "1", lastAt: closing - 1, openAt: closing - 1 });
    expect(await closed(world, 5)).toBe(false);
    await put(world, { shardId: "1", lastAt: closing - 1 });
    expect(await closed(world, 5)).toBe(true);
  });

  test("no plan that was made later", async () => {
    const world = await ready();
    expect(await closed(world, 1)).toBe(true);
    const { until } = await progressOf(world);
    expect(until).toBeLessThan(closing);
  });

  test("a plan that stays open is named, as its reader calls it, once it has been so for longer than any try lives", async () => {
    const world = aWorld();
    const run = aRollup(world);
    const openAt = world.now;
    await put(world, { lastAt: openAt });
    await put(world, { shardId: "replay/0", lastAt: openAt, openAt });
    world.now = openAt + 15 * 60_000;
    expect((await run()).waitsFor).toEqual([]);
    world.now++;
    expect((await run()).waitsFor).toEqual(["replay/0"]);
    // Nothing has changed, and it is waited for all the same.
    expect((await run()).waitsFor).toEqual(["replay/0"]);
    await put(world, { shardId: "replay/0", lastAt: openAt });
    expect((await run()).waitsFor).toEqual([]);
  });

  test("no other stream that is idle, nor an open plan of one whose records have long gone", async () => {
    const world = await ready();
    await put(world, { stream: "other/2", lastAt: closing - 9 * HOUR_MILLIS });
    const at = closing - 50 * HOUR_MILLIS;
    await put(world, { stream: "gone/3", lastAt: at, openAt: at, ttl: Math.floor(closing / 1000) - 3600 });
    expect(await closed(world, 3)).toBe(true);
    // Should anybody still read it, it knows.
    expect((await stateOf(world, "gone/3")).closed).toBe(HOUR);
  });
});

test("an hour that cannot be merged keeps no other from being closed, nor from having merged what comes late", async () => {
  const world = aWorld();
  const run = aRollup(world);
  for (const hour of [HOUR, HOUR + 1]) {
    await put(world, { lastAt: world.now });
    await work(world, world.now, "acme", hour);
    await run();
    world.now += HOUR_MILLIS;
  }
  for (let i = 0; i < 7; i++) {
    world.now += 61_000;
    await run();
  }
  expect(world.tasks.map(({ hour }) => hour)).toContain(HOUR + 1);
  await rollupHours(rolling(world)).release({ tenant: "acme", hour: HOUR + 1 }, true);
  world.tasks.length = 0;
  const late = Array.from({ length: 64 }, (_, i) => ({
    ...lateHeadKey("acme", HOUR + 1, world.now + i, `${i}`.padStart(32, "0")),
    ...{ body: Buffer.from("head"), ttl: 1 },
  }));
  await put(world, { lastAt: world.now + 64 });
  for (let n = 0; n < late.length; n += MAX_PUT_ITEMS) await world.table.put(late.slice(n, n + MAX_PUT_ITEMS));
  await work(world, world.now, "acme", HOUR + 1);
  for (let i = 0; i < 3; i++) {
    world.now += 61_000;
    await run();
  }
  expect(world.tasks.filter(({ hour }) => hour === HOUR + 1)).toMatchObject([{ isClosing: false }]);
});

test("what lay still for days is caught up in steps", async () => {
  const world = aWorld();
  await put(world, { lastAt: world.now });
  await work(world, world.now, "acme", HOUR);
  await aRollup(world)();
  world.now += 3 * 24 * HOUR_MILLIS;
  for (let i = 0; i < 7; i++) await work(world, world.now - 60_000, `tenant ${i}`, HOUR + 70);
  await put(world, { lastAt: world.now });
  const run = aRollup(world);
  const queries: number[] = [];
  let steps = 0;
  for (let runs = 0; runs < 40; runs++) {
    world.calls.length = 0;
    const { tasks, isBehind } = await run();
    if (isBehind) steps++;
    queries.push(world.calls.length);
    expect(tasks).toBeLessThanOrEqual(3);
    world.now += 10_000;
  }
  expect(Math.max(...queries)).toBeLessThan(300);
  expect(steps).toBeGreaterThan((3 * 24 * 60) / 300);
  // The first hour has expired meanwhile: what stands in it may be gone already.
  const tenants = new Set(world.tasks.map(({ tenant }) => tenant));
  expect([...tenants].sort()).toEqual(Array.from({ length: 7 }, (_, i) => `tenant ${i}`));
});

test("two runs at the same time begin each merge once", async () => {
  const world = aWorld();
  await put(world, { lastAt: world.now });
  await work(world, world.now, "acme", HOUR);
  await aRollup(world)();
  world.now = (HOUR + 1) * HOUR_MILLIS + 15 * 60_000;
  const runs = [aRollup(world), aRollup(world)];
  for (let i = 0; i < 3; i++) {
    await Promise.allSettled(runs.map((run) => run()));
    world.now += 10_000;
  }
  expect(world.tasks).toHaveLength(1);
});
