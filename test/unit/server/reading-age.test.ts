import { expect, test } from "vitest";
import { readingAge } from "../../../functions/server/reading-age.ts";
import type { StreamReader, StreamRecord } from "../../../lib/stream/port.ts";

const arrived = (arrivedMillis: number): StreamRecord => ({
  sequenceNumber: "1",
  data: new Uint8Array(),
  arrivedMillis,
});

function world() {
  const at = { now: 100_000 };
  const stream: StreamReader = {
    iterator: async () => "",
    records: async () => ({ records: [], next: "", behindMillis: 0 }),
  };
  return { at, age: readingAge(stream, () => at.now) };
}

test("nothing waits while what was read is done", async () => {
  const { at, age } = world();
  const read = age.watch(async () => ({ done: undefined, plans: 1, records: 1 }));
  await read("a", [arrived(90_000)]);
  at.now += 5_000;
  expect(age.age()).toBe(0);
});

test("the oldest record of any shard that cannot be indexed counts, until it is", async () => {
  const { at, age } = world();
  let isBroken = true;
  const read = age.watch(async () => {
    if (isBroken) throw new Error("the table is away");
    return { done: undefined, plans: 1, records: 1 };
  });
  await expect(read("a", [arrived(99_000), arrived(97_000)])).rejects.toThrow("away");
  await expect(read("b", [arrived(98_000)])).rejects.toThrow("away");
  at.now = 104_000;
  // Delivered again without the first.
  await expect(read("a", [arrived(99_000)])).rejects.toThrow("away");
  expect(age.age()).toBe(7_000);
  isBroken = false;
  await read("a", [arrived(97_000)]);
  expect(age.age()).toBe(6_000);
  await read("b", [arrived(98_000)]);
  expect(age.age()).toBe(0);
});

test("a stream that cannot be read is as old as its last answer", async () => {
  const { at, age } = world();
  at.now += 5_000;
  expect(age.age()).toBe(0);
  at.now += 20_000;
  expect(age.age()).toBe(25_000);
  await age.reader.records("", 1);
  expect(age.age()).toBe(0);
});
