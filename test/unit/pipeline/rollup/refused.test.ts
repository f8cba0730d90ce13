import { expect, test } from "vitest";
import { rollupHours } from "../../../../lib/pipeline/rollup/hours.ts";
import { type MergeTask, rollUp } from "../../../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../../../lib/store/batches.ts";
import { headKey, minuteOf, readerKey, streamKey, workKey } from "../../../../lib/store/keys.ts";
import { encodeReaderState } from "../../../../lib/store/reader-states.ts";
import { memoryItems } from "../../../support/memory-items.ts";

const HOUR_MILLIS = 3_600_000;
const HOUR = Date.UTC(2026, 10, 22, 12) / HOUR_MILLIS;
const ACME = { tenant: "acme", hour: HOUR };

/** An hour with as many heads as are worth a merge, and nobody who writes any more. */
async function aWorld({ tasksPerRun = 3 } = {}) {
  const table = memoryItems();
  const tasks: MergeTask[] = [];
  const world = { now: HOUR * HOUR_MILLIS + 5 * 60_000, fault: undefined as Error | undefined };
  const clock = () => world.now;
  const batches = itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 });
  const options = { batches, registers: table, clock, retentionHours: 24, mergeMillis: 10 * 60_000 };
  const dispatch = async (task: MergeTask): Promise<void> => {
    if (world.fault !== undefined) throw world.fault;
    tasks.push(task);
  };
  const ttl = Math.floor(world.now / 1000) + 86_400;
  await table.save(streamKey("s/1"), { body: Buffer.from("s/1"), ttl, version: 1 });
  const body = encodeReaderState({ done: undefined, plan: undefined, lastAt: world.now + 64, closed: -1 });
  await table.save(readerKey("s/1", "0"), { body, ttl, version: 1 });
  for (const tenant of ["acme", "bank"]) {
    await table.put([{ ...workKey(minuteOf(world.now), tenant, HOUR), body: Buffer.from(tenant), ttl }]);
    await batches.putAll(
      Array.from({ length: 64 }, (_, i) => ({
        ...{ ...headKey(tenant, HOUR, world.now + i, `${i}`.padStart(32, "0")), body: Buffer.of(1), ttl },
      })),
    );
  }
  const run = rollUp({ ...options, tasksPerRun, dispatch });
  return {
    ...{ world, tasks, hours: rollupHours(options) },
    async pass(millis: number): Promise<void> {
      world.now += millis;
      await run();
    },
  };
}

test("a merge that another one kept from being begun is begun by the first run that may, though nothing comes any more", async () => {
  const { tasks, hours, pass } = await aWorld();
  expect(await hours.claim(ACME)).toBe(true);
  for (let minutes = 0; minutes < 5; minutes++) await pass(60_000);
  expect(tasks.map(({ tenant }) => tenant)).toEqual(["bank"]);
  await hours.release(ACME, false);
  await pass(5_000);
  expect(tasks.map(({ tenant }) => tenant)).toEqual(["bank", "acme"]);
  for (let minutes = 0; minutes < 5; minutes++) await pass(60_000);
  expect(tasks).toHaveLength(2);
});

test("one too many for a run is begun by the next", async () => {
  const { tasks, pass } = await aWorld({ tasksPerRun: 1 });
  await pass(60_000);
  expect(tasks).toHaveLength(1);
  await pass(1);
  expect(tasks.map(({ tenant }) => tenant).sort()).toEqual(["acme", "bank"]);
});

test("one that could not be handed over is handed over by the next run, not when it would have ended", async () => {
  const { world, tasks, pass } = await aWorld();
  world.fault = new Error("throttled");
  await expect(pass(60_000)).rejects.toThrow("throttled");
  world.fault = undefined;
  await pass(1_000);
  expect(tasks.map(({ tenant }) => tenant).sort()).toEqual(["acme", "bank"]);
});
