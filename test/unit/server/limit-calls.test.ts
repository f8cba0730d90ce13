import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { limitCalls } from "../../../functions/server/limit-calls.ts";
import type { Items } from "../../../lib/store/items.ts";

/** A table that takes its time, and fails every third query. */
function slowTable() {
  const seen = { atOnce: 0, most: 0, order: [] as string[] };
  let queries = 0;
  const slowly = async <T>(name: string, answer: T): Promise<T> => {
    seen.atOnce++;
    seen.most = Math.max(seen.most, seen.atOnce);
    seen.order.push(name);
    await pause(5);
    seen.atOnce--;
    return answer;
  };
  const items: Items = {
    get: () => slowly("get", { items: [], left: [] }),
    put: () => slowly("put", []),
    async query({ pk }) {
      const page = await slowly(pk, { items: [], next: undefined });
      if (++queries % 3 === 0) throw new Error("every third");
      return page;
    },
  };
  return { items, seen };
}

test("the table is never asked more at once, whatever fails, and answers in the order of asking", async () => {
  const { items, seen } = slowTable();
  const limited = limitCalls(items, 3);
  const partitions = Array.from({ length: 30 }, (_, n) => `p${n}`);
  const asked = [
    ...partitions.map((pk) => limited.query({ pk, consistent: false })),
    limited.get([], false),
    limited.put([]),
  ];
  const answers = await Promise.allSettled(asked);
  expect(answers.filter(({ status }) => status === "rejected").length).toBe(10);
  expect(seen.most).toBe(3);
  expect(seen.order).toEqual([...partitions, "get", "put"]);
});
