import { expect, test } from "vitest";
import { mergeTasks } from "../../../functions/server/merge-tasks.ts";

const tasks = [1, 2, 3].map((hour) => ({ tenant: "acme", hour, mark: 9, isClosing: true }));

test("a merge that fails is told, and keeps none of the others from being done", async () => {
  const begun: number[] = [];
  const done = await mergeTasks(tasks, async ({ hour }) => {
    begun.push(hour);
    if (hour === 1) throw new Error("an item is not in the table");
    return { merges: 2, spans: 10 * hour, isClosed: hour === 3 };
  });
  expect(begun).toEqual([1, 2, 3]);
  const faults = [{ index: 0, reason: "an item is not in the table" }];
  expect(done).toEqual({ merges: 4, spans: 50, closed: 1, faults });
});
