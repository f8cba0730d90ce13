import { expect, test } from "vitest";
import { type MergeTask, rollUp } from "../../../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../../../lib/store/batches.ts";
import { minuteOf, ROLLUP_KEY, readerKey, streamKey, workKey } from "../../../../lib/store/keys.ts";
import { decodeReaderState, encodeReaderState } from "../../../../lib/store/reader-states.ts";
import { decodeRollupState } from "../../../../lib/store/rollup-states.ts";
import { memoryItems } from "../../../support/memory-items.ts";

const MINUTE = 60_000;
const HOUR_MILLIS = 60 * MINUTE;
const DAY = 24 * HOUR_MILLIS;
const HOUR = Date.UTC(2026, 10, 22, 12) / HOUR_MILLIS;
const TTL = (HOUR + 1000) * 3600;

/** Shards whose plans are made by a right clock, and a rollup that may have a wrong one. */
async function aWorld() {
  const table = memoryItems();
  const tasks: MergeTask[] = [];
  const world = { now: HOUR * HOUR_MILLIS + 20 * MINUTE, aheadMillis: 0 };
  const clock = () => world.now + world.aheadMillis;
  const begin = () =>
    rollUp({
      batches: itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 }),
      ...{ registers: table, clock, retentionHours: 24, mergeMillis: MINUTE, tasksPerRun: 9 },
      dispatch: async (task) => {
        tasks.push(task);
      },
    });
  await table.save(streamKey("s/1"), { body: Buffer.from("s/1"), ttl: TTL, version: 1 });

  async function stateOf(shard: string) {
    const found = await table.load(readerKey("s/1", shard));
    const state = found === undefined ? undefined : decodeReaderState(found.body);
    return { lastAt: state?.lastAt ?? 0, closed: state?.closed ?? -1, version: found?.version ?? 0 };
  }

  /** A plan of spans that start now. */
  async function plan(shard: string, aheadMillis = 0): Promise<void> {
    const { lastAt, closed, version } = await stateOf(shard);
    const at = Math.max(world.now + aheadMillis, lastAt + 1);
    const hour = Math.floor(world.now / HOUR_MILLIS);
    await table.put([{ ...workKey(minuteOf(at), "acme", hour), body: Buffer.from("acme"), ttl: TTL }]);
    const body = encodeReaderState({ done: undefined, plan: undefined, lastAt: at, closed });
    await table.save(readerKey("s/1", shard), { body, ttl: TTL, version: version + 1 });
  }

  const progress = async () => decodeRollupState((await table.load(ROLLUP_KEY))?.body ?? Buffer.from("{}"));
  return { world, tasks, begin, stateOf, plan, progress };
}

const closings = (tasks: readonly MergeTask[]): number[] =>
  tasks.filter(({ isClosing }) => isClosing).map(({ hour }) => hour);

test("while plans are made, a clock that jumps ahead closes nothing early and lets no plan be made ahead of its time", async () => {
  const { world, tasks, begin, stateOf, plan, progress } = await aWorld();
  const run = begin();
  await plan("idle");
  for (let second = 0; second < 300; second += 5) {
    world.aheadMillis = second < 100 || second > 200 ? 0 : DAY;
    world.now += 5_000;
    await plan("busy");
    await run();
  }
  const { closed, floor } = await progress();
  expect([closed < HOUR, floor <= world.now + 2 * MINUTE]).toEqual([true, true]);
  for (const shard of ["busy", "idle"]) {
    const { lastAt, closed: told } = await stateOf(shard);
    expect([shard, told < HOUR, lastAt < world.now + 2 * MINUTE]).toEqual([shard, true, true]);
  }
  expect(closings(tasks)).toEqual([]);
});

test("while none is made, it closes what is there, and hours that come after it is right again are not late", async () => {
  const { world, tasks, begin, stateOf, plan } = await aWorld();
  await plan("0");
  world.aheadMillis = DAY;
  for (let runs = 0; runs < 5; runs++) {
    world.now += MINUTE;
    await begin()();
  }
  expect(new Set(closings(tasks))).toEqual(new Set([HOUR]));
  world.aheadMillis = 0;
  world.now = (HOUR + 1) * HOUR_MILLIS + MINUTE;
  const run = begin();
  await plan("0");
  await run();
  const { lastAt, closed } = await stateOf("0");
  expect([closed, lastAt - world.now < 2 * MINUTE]).toEqual([HOUR, true]);
});

test("plans that were made a day ahead hold up no merge, and no hour from being closed", async () => {
  const { world, tasks, begin, plan, progress } = await aWorld();
  const run = begin();
  await plan("idle");
  await plan("busy", DAY);
  for (let minutes = 0; minutes < 60; minutes++) {
    world.now += MINUTE;
    await plan("busy");
    await run();
  }
  expect((await progress()).closed).toBe(HOUR);
  expect(closings(tasks)).toContain(HOUR);
});

test("where a rollup begins on a wrong clock, what is indexed meanwhile is taken up all the same", async () => {
  const { world, tasks, begin, plan } = await aWorld();
  world.aheadMillis = DAY;
  const run = begin();
  await plan("0");
  await run();
  world.aheadMillis = 0;
  for (let minutes = 0; minutes < 60; minutes++) {
    world.now += MINUTE;
    if (minutes < 20) await plan("0");
    await run();
  }
  expect(closings(tasks)).toContain(HOUR);
});
