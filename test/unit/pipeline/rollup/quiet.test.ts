import { expect, test } from "vitest";
import { type MergeTask, rollUp } from "../../../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../../../lib/store/batches.ts";
import { headKey, minuteOf, readerKey, streamKey, workKey } from "../../../../lib/store/keys.ts";
import { encodeReaderState } from "../../../../lib/store/reader-states.ts";
import { memoryItems } from "../../../support/memory-items.ts";

const HOUR_MILLIS = 3_600_000;
const HOUR = Date.UTC(2026, 10, 22, 12) / HOUR_MILLIS;
const BEGIN = HOUR * HOUR_MILLIS + 2 * 60_000;
const SEGMENT = "5".repeat(32);

/** A rollup whose one shard writes a head whenever it is told to. */
async function aRollup(quietHeads?: number) {
  const table = memoryItems();
  const tasks: MergeTask[] = [];
  let now = BEGIN;
  const clock = () => now;
  const run = rollUp({
    batches: itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 }),
    ...{ registers: table, clock, retentionHours: 24, mergeMillis: 60_000, tasksPerRun: 3 },
    ...(quietHeads === undefined ? {} : { quietHeads }),
    dispatch: async (task) => {
      tasks.push(task);
    },
  });
  await table.save(streamKey("s/1"), { body: Buffer.from("s/1"), ttl: now, version: 1 });

  async function write(hour = HOUR): Promise<void> {
    await table.put([{ ...workKey(minuteOf(now), "acme", hour), body: Buffer.from("acme"), ttl: 1 }]);
    await table.put([{ ...headKey("acme", hour, now, SEGMENT), body: Buffer.of(1), ttl: 1 }]);
    const found = await table.load(readerKey("s/1", "0"));
    const body = encodeReaderState({ done: undefined, plan: undefined, lastAt: now, closed: -1 });
    await table.save(readerKey("s/1", "0"), { body, ttl: now, version: (found?.version ?? 0) + 1 });
  }

  async function pass(millis: number): Promise<void> {
    now += millis;
    await run();
  }

  return { tasks, write, pass };
}

test("while somebody writes, few heads are left alone, and merged once nobody does", async () => {
  const { tasks, write, pass } = await aRollup(3);
  for (let i = 0; i < 4; i++) {
    await write();
    await pass(1000);
  }
  expect(tasks).toEqual([]);
  await pass(1000);
  expect(tasks).toMatchObject([{ tenant: "acme", hour: HOUR, isClosing: false, openHeads: 3 }]);
  await pass(1000);
  expect(tasks).toHaveLength(1);
});

test("an hour of which nothing has come for minutes is merged with the others, once nobody writes", async () => {
  const { tasks, write, pass } = await aRollup(3);
  for (const hour of [HOUR - 1, HOUR])
    for (let i = 0; i < 4; i++) {
      await write(hour);
      await pass(25_000);
    }
  expect(tasks).toEqual([]);
  await pass(1000);
  expect(tasks.map(({ hour }) => hour - HOUR).sort()).toEqual([-1, 0]);
  await write();
  for (let i = 0; i < 3; i++) await pass(1000);
  expect(tasks).toHaveLength(2);
});

test("an hour that waits to be closed keeps no other from being merged", async () => {
  const { tasks, write, pass } = await aRollup(3);
  await write(HOUR - 1);
  await pass(8 * 60_000 - 6_000);
  for (let i = 0; i < 4; i++) {
    await pass(1_000);
    await write();
  }
  await pass(2_500);
  expect(tasks).toEqual([]);
  for (let i = 0; i < 3; i++) await pass(1_000);
  expect(tasks).toMatchObject([{ hour: HOUR, isClosing: false, openHeads: 3 }]);
});

test("fewer heads than are worth it stay as they are", async () => {
  const { tasks, write, pass } = await aRollup(3);
  await write();
  await write();
  for (let i = 0; i < 5; i++) await pass(1000);
  expect(tasks).toEqual([]);
});

test("where writes cost, nothing is merged for being quiet", async () => {
  const { tasks, write, pass } = await aRollup();
  for (let i = 0; i < 4; i++) {
    await write();
    await pass(1000);
  }
  for (let i = 0; i < 5; i++) await pass(1000);
  expect(tasks).toEqual([]);
});
