import { expect, test } from "vitest";
import { mergeQueue } from "../../../functions/server/merge-queue.ts";
import type { MergeTask } from "../../../lib/pipeline/rollup/roll-up.ts";

const taskOf = (hour: number, mark = 9): MergeTask => ({ tenant: "acme", hour, mark, isClosing: true });

/** A queue whose thread is killed by some hours, and fails with others. */
function aQueue() {
  const world = { now: 1_000_000, deadly: new Set<number>(), faulty: new Set<number>() };
  const threads: string[] = [];
  const told: { reason: string; hours: number[]; millis: number }[] = [];
  const queue = mergeQueue({
    clock: () => world.now,
    async merge(tasks) {
      threads.push(tasks.map(({ hour, mark }) => `${hour}/${mark}`).join(" "));
      if (tasks.some(({ hour }) => world.deadly.has(hour))) throw new Error("worker ran\nout of memory");
      return tasks.flatMap(({ hour }, index) => (world.faulty.has(hour) ? [{ index, reason: "throttled" }] : []));
    },
    onFault: ({ reason, merges }, millis) => told.push({ reason, hours: merges.map(({ hour }) => hour), millis }),
  });
  return { world, threads, told, queue };
}

test("merges of a thread that died are tried again soon, each in a thread of its own, and told in one line", async () => {
  const { world, threads, told, queue } = aQueue();
  world.deadly.add(2);
  for (const hour of [1, 2, 3]) queue.add(taskOf(hour));
  await queue.run();
  expect(told).toEqual([{ reason: "worker ran out of memory", hours: [1, 2, 3], millis: 2_000 }]);
  expect(queue.dueMillis()).toBe(2_000);
  await queue.run();
  world.now += 2_000;
  await queue.run();
  expect(threads).toEqual(["1/9 2/9 3/9", "1/9", "2/9", "3/9"]);
  expect(told.slice(1)).toEqual([{ reason: "worker ran out of memory", hours: [2], millis: 4_000 }]);
  world.deadly.clear();
  world.now += 4_000;
  await queue.run();
  expect([threads.slice(4), queue.dueMillis()]).toEqual([["2/9"], Number.POSITIVE_INFINITY]);
});

test("one that fails is tried again ever later, at least every five minutes, and holds up no other", async () => {
  const { world, threads, told, queue } = aQueue();
  world.faulty.add(1);
  queue.add(taskOf(1));
  queue.add(taskOf(2));
  await queue.run();
  expect(threads).toEqual(["1/9 2/9"]);
  for (let tries = 0; tries < 10; tries++) {
    world.now += queue.dueMillis();
    await queue.run();
  }
  expect(threads.slice(1)).toEqual(Array.from({ length: 10 }, () => "1/9"));
  expect(told.map(({ millis }) => millis)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((s) => s * 1000));
});

test("what is begun anew takes the place of the same that waits, but not sooner", async () => {
  const { world, threads, queue } = aQueue();
  world.faulty.add(1);
  queue.add(taskOf(1));
  await queue.run();
  world.faulty.clear();
  queue.add(taskOf(1, 10));
  await queue.run();
  expect(queue.dueMillis()).toBe(2_000);
  world.now += 2_000;
  await queue.run();
  expect([threads, queue.dueMillis()]).toEqual([["1/9", "1/10"], Number.POSITIVE_INFINITY]);
});
