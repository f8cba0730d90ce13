import { describe, expect, test } from "vitest";
import { TracingError } from "../../lib/model/errors.ts";
import { Random } from "../data/random.ts";
import { Scheduler } from "../support/invocations.ts";
import {
  aWorld,
  copyOf,
  expectExact,
  expectSettled,
  type Hook,
  hourStates,
  index,
  merge,
  newShard,
  put,
  roll,
  settle,
  shardIds,
  type World,
} from "./rollup-world.ts";

/** Indexes everything in plans of one record, while the clock moves on. */
async function fill(world: World, records: number, stepMillis = 5_000): Promise<void> {
  await put(world, records);
  for (const shard of await shardIds(world))
    for (let i = 0; i < records; i++) {
      await index(world, shard);
      world.now += stepMillis;
    }
}

/** Closes the world's hours, disturbed once, the n-th time at a point, and then in peace; false when it is not met so often. */
async function isDisturbedAt(world: World, point: string, nth: number): Promise<boolean> {
  const again = await copyOf(world);
  let met = 0;
  const hook: Hook = (here, life) => {
    if (here !== point || ++met !== nth) return;
    if (nth % 2 === 0) life.die();
    else throw new TracingError("internal", "injected");
  };
  for (let minutes = 0; minutes < 8; minutes++) {
    await roll(again, hook, 4);
    for (const task of again.tasks.splice(0)) await merge(again, task, hook);
    again.now += 60_000;
  }
  expectExact(again);
  await settle(again, 6);
  expectSettled(again);
  return met >= nth;
}

const headsOf = (world: World, pick: "heads" | "late" | "merged" | "mergedLate"): number =>
  [...hourStates(world).values()].reduce((sum, state) => sum + state[pick].length, 0);

describe("summaries stand for exactly the heads below their mark", { timeout: 120_000 }, () => {
  test("undisturbed: open hours are merged, hours close, and what comes late is merged apart", async () => {
    const world = aWorld(1, 420);
    for (let round = 0; round < 42; round++) {
      await put(world, 10);
      for (const shard of await shardIds(world)) for (let i = 0; i < 6; i++) await index(world, shard);
      world.now += 6 * 60_000;
      await roll(world);
      for (const task of world.tasks.splice(0)) await merge(world, task);
      expectExact(world);
    }
    expect(world.faults).toEqual([]);
    await settle(world);
    expectSettled(world);
    expect(headsOf(world, "late")).toBeGreaterThan(100);
    expect(headsOf(world, "mergedLate")).toBeGreaterThan(60);
    // Each hour ends as one segment, and no open one showed a reader more than was allowed.
    for (const { summary } of hourStates(world).values()) expect(summary?.merged.length ?? 0).toBeLessThanOrEqual(1);
  });

  test("a stream that nobody writes to any more holds up nothing, nor does one that begins when hours have closed", async () => {
    const world = aWorld(2, 40);
    const later = world.records.splice(20);
    await fill(world, 20);
    await settle(world);
    expectSettled(world);
    await world.streams.get("foreign/1764000001")?.split("shardId-000000000000");
    world.records.push(...later);
    await fill(world, 20);
    const late = headsOf(world, "late");
    expect(late).toBeGreaterThan(0);
    await settle(world);
    expectSettled(world);
  });

  test("a shard of which there is an item, but no plan yet, holds up nothing though nobody sends any more", async () => {
    const world = aWorld(7, 30);
    await put(world, 30);
    for (const shard of await shardIds(world)) await index(world, shard, () => {}, 1_000);
    for (let minutes = 0; minutes < 20; minutes++) {
      world.now += 60_000;
      await roll(world);
    }
    await newShard(world);
    for (let minutes = 0; minutes < 200; minutes++) {
      world.now += 60_000;
      await roll(world);
      for (const task of world.tasks.splice(0)) await merge(world, task);
    }
    expect(world.faults).toEqual([]);
    expectSettled(world);
    expect(headsOf(world, "merged")).toBeGreaterThan(0);
  });

  test("when a rollup or a merge dies, or fails, at any one call", async () => {
    const world = aWorld(3, 1_000);
    await roll(world);
    await put(world, 1_000);
    // Plans that are too large for their heads, so that there is something to get.
    for (const shard of await shardIds(world)) await index(world, shard, () => {}, 1_000);
    await roll(world);
    world.now += 3 * 3_600_000;
    for (const call of ["load", "save", "query", "put", "get"])
      for (const phase of ["before", "after"]) {
        expect([call, await isDisturbedAt(world, `${call} ${phase}`, 1)]).toEqual([call, true]);
        // Every call is too many to wait for.
        for (let nth = 2; await isDisturbedAt(world, `${call} ${phase}`, nth); nth *= 2);
      }
  });

  test("with indexers, rollups and merges all at once, that die at random, on clocks that differ, while shards split", async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const world = aWorld(seed, 300);
      const random = new Random(seed);
      const scheduler = new Scheduler(random);
      const hook: Hook = async (_, life) => {
        await scheduler.turn();
        if (random.chance(0.004)) life.die();
      };
      for (let round = 0; round < 24; round++) {
        await put(world, 10);
        if (round === 10) await world.streams.get("spans/1764000000")?.split("shardId-000000000001");
        const shards = await shardIds(world);
        for (const [stream, shard] of shards)
          if (!world.skew.has(`${stream} ${shard}`))
            world.skew.set(`${stream} ${shard}`, random.below(600_000) - 300_000);
        const tasks = world.tasks.splice(0);
        await scheduler.run([
          ...shards.flatMap((shard) => [index(world, shard, hook, 1), index(world, shard, hook, 3)]),
          roll(world, hook),
          roll(world, hook),
          // Some come twice at the same time, some never.
          ...tasks.filter(() => random.chance(0.9)).flatMap((task) => [merge(world, task, hook)]),
          ...tasks.filter(() => random.chance(0.3)).flatMap((task) => [merge(world, task, hook)]),
        ]);
        world.now += random.below(9) * 60_000;
        expectExact(world);
      }
      await settle(world);
      expectSettled(world);
      expect(headsOf(world, "merged")).toBeGreaterThan(0);
    }
  });
});
