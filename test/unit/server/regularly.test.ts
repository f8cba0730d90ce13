import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { regularly } from "../../../functions/server/regularly.ts";

test("work that fails is told of and done again", async () => {
  const faults: unknown[] = [];
  const again = Promise.withResolvers<void>();
  let turns = 0;
  const regular = regularly(
    async () => {
      if (++turns === 3) again.resolve();
      throw new Error(`turn ${turns}`);
    },
    1,
    (fault) => faults.push(fault),
  );
  await again.promise;
  await regular.stop();
  expect(faults.slice(0, 2)).toEqual([new Error("turn 1"), new Error("turn 2")]);
});

test("work that takes longer than its turn is not begun twice, and stopping waits for it", async () => {
  let [begun, ended] = [0, 0];
  const regular = regularly(
    async () => {
      begun++;
      await pause(50);
      ended++;
    },
    1,
    () => undefined,
  );
  await pause(25);
  expect(begun).toBe(1);
  await regular.stop();
  expect([begun, ended]).toEqual([1, 1]);
});
