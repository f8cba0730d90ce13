import { expect, test } from "vitest";
import { rollupHours } from "../../../../lib/pipeline/rollup/hours.ts";
import { type MergeTask, rollUp } from "../../../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../../../lib/store/batches.ts";
import {
  headKey,
  hourTtl,
  lateHeadKey,
  minuteOf,
  readerKey,
  rollupHourKey,
  rollupHoursFrom,
  streamKey,
  workKey,
} from "../../../../lib/store/keys.ts";
import { encodeReaderState } from "../../../../lib/store/reader-states.ts";
import { decodeRollupHour, encodeRollupHour } from "../../../../lib/store/rollup-states.ts";
import { memoryItems } from "../../../support/memory-items.ts";

const HOUR_MILLIS = 3_600_000;
const HOUR = Date.UTC(2026, 10, 22, 12) / HOUR_MILLIS;
const RETENTION_HOURS = 24;
const QUIET_HEADS = 3;
const ENOUGH_HEADS = 64;

/** One shard, and as many rollups as are asked for. */
async function aWorld(tasksPerRun = 3) {
  const table = memoryItems();
  const tasks: MergeTask[] = [];
  const world = { now: HOUR * HOUR_MILLIS + 2 * 60_000 };
  const clock = () => world.now;
  const batches = itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 });
  const ttl = Math.floor(world.now / 1000) + 30 * 86_400;
  let written = 0;
  await table.save(streamKey("s/1"), { body: Buffer.from("s/1"), ttl, version: 1 });
  return {
    ...{ world, table, batches, tasks, ttl },
    hours: rollupHours({ batches, registers: table, clock, retentionHours: RETENTION_HOURS, mergeMillis: 60_000 }),
    rollup: () =>
      rollUp({
        ...{ batches, registers: table, clock, retentionHours: RETENTION_HOURS, mergeMillis: 60_000, tasksPerRun },
        quietHeads: QUIET_HEADS,
        dispatch: async (task) => {
          tasks.push(task);
        },
      }),
    async write(hour: number, { tenant = "acme", heads = 1, key = headKey } = {}): Promise<void> {
      await table.put([{ ...workKey(minuteOf(world.now), tenant, hour), body: Buffer.from(tenant), ttl }]);
      for (let n = 0; n < heads; n++) {
        const segment = (written++).toString(16).padStart(32, "0");
        await table.put([{ ...key(tenant, hour, world.now, segment), body: Buffer.of(1), ttl }]);
      }
      const found = await table.load(readerKey("s/1", "0"));
      const body = encodeReaderState({ done: undefined, plan: undefined, lastAt: world.now, closed: -1 });
      await table.save(readerKey("s/1", "0"), { body, ttl, version: (found?.version ?? 0) + 1 });
    },
  };
}

test("what was refused is found by the next process, minutes later", async () => {
  const { world, table, tasks, ttl, rollup, write } = await aWorld();
  const busy = encodeRollupHour("acme", { busyUntil: world.now + 10 * 60_000, isClosed: false });
  await table.save(rollupHourKey("acme", HOUR - 1), { body: busy, ttl, version: 1 });
  const run = rollup();
  await write(HOUR - 1, { heads: ENOUGH_HEADS });
  for (let i = 0; i < 7; i++) {
    await run();
    world.now += 61_000;
    await write(HOUR);
  }
  expect(tasks).toEqual([]);
  world.now += 200_000;
  const next = rollup();
  for (let i = 0; i < 3; i++) {
    await next();
    world.now += 1_000;
    await write(HOUR);
  }
  expect(tasks).toMatchObject([{ hour: HOUR - 1, isClosing: false }]);
  expect(tasks).toHaveLength(1);
});

test("few heads, late ones too, are merged in quiet times though another process saw them come", async () => {
  const { world, tasks, hours, rollup, write } = await aWorld();
  const before = rollup();
  for (const hour of [HOUR - 3, HOUR, HOUR]) {
    await write(hour);
    await before();
    world.now += 61_000;
  }
  for (const { tenant, hour } of tasks) await hours.release({ tenant, hour }, true);
  await write(HOUR - 3, { heads: QUIET_HEADS + 1, key: lateHeadKey });
  await write(HOUR - 1, { heads: QUIET_HEADS + 1 });
  for (let i = 0; i < 3; i++) {
    await before();
    world.now += 61_000;
    await write(HOUR, { tenant: "bank" });
  }
  expect(tasks.filter(({ isClosing }) => !isClosing)).toEqual([]);
  const run = rollup();
  for (let i = 0; i < 3; i++) {
    await run();
    world.now += 1_000;
  }
  const merges = tasks.filter(({ isClosing }) => !isClosing).map(({ tenant, hour }) => [tenant, hour - HOUR]);
  expect(merges.sort()).toEqual([
    ["acme", -1],
    ["acme", -3],
    ["bank", 0],
  ]);
});

test("few heads that were left alone are no late ones once their hour is closed", async () => {
  const { world, batches, rollup, write } = await aWorld();
  const run = rollup();
  await write(HOUR - 1, { heads: QUIET_HEADS + 1 });
  await run();
  world.now += 70_000;
  await write(HOUR);
  await run();
  world.now = HOUR * HOUR_MILLIS + 11 * 60_000;
  await write(HOUR);
  for (let i = 0; i < 6; i++) {
    await run();
    world.now += 1_000;
  }
  const noted: (number | undefined)[] = [];
  for await (const items of batches.queryAll({ ...rollupHoursFrom(0), consistent: true }))
    for (const { body } of items) noted.push(decodeRollupHour(body).late);
  expect(noted).toEqual([undefined, undefined]);
});

test("the first quiet look for days begins no merge of what has expired meanwhile", async () => {
  const { world, tasks, rollup, write } = await aWorld(100);
  const run = rollup();
  const hourNow = () => Math.floor(world.now / HOUR_MILLIS);
  for (let minutes = 0; minutes < 48 * 60; minutes += 10) {
    await write(hourNow());
    if (minutes % 60 === 30) await write(hourNow() - 2, { heads: QUIET_HEADS + 1, key: lateHeadKey });
    world.now += 10 * 60_000;
    await run();
  }
  tasks.length = 0;
  for (let i = 0; i < 2; i++) {
    world.now += 1_000;
    await run();
  }
  const begun = tasks.filter(({ isClosing }) => !isClosing);
  expect(begun.length).toBeGreaterThan(0);
  expect(begun.filter(({ hour }) => hourTtl(hour, RETENTION_HOURS) * 1000 < world.now)).toEqual([]);
});

test("two looks of which the second follows at once show no quiet", async () => {
  const { world, tasks, rollup, write } = await aWorld(2);
  const run = rollup();
  await write(HOUR, { heads: QUIET_HEADS + 1 });
  for (const tenant of ["a", "b", "c"]) await write(HOUR, { tenant, heads: ENOUGH_HEADS });
  world.now += 1;
  expect(await run()).toMatchObject({ isBehind: true });
  await run();
  expect(tasks.map(({ tenant }) => tenant).sort()).toEqual(["a", "b", "c"]);
});
