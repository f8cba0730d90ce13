import { expect, test } from "vitest";
import type { Item, Items, Registers } from "../../../lib/store/items.ts";
import { measuredReads, measuredWrites } from "../../../lib/store/measured-items.ts";
import { memoryItems } from "../../support/memory-items.ts";

const item = (name: number, kilobytes: number): Item => ({
  pk: "p",
  sk: Buffer.from([name]),
  body: Buffer.alloc(kilobytes * 1024),
  ttl: 2_000_000_000,
});

test("a write is billed a unit a started KiB, and only what was taken", async () => {
  const seen: number[] = [];
  const busy: Items & Registers = { ...memoryItems(), put: async ([, ...left]) => left };
  const items = measuredWrites(busy, (_, units) => seen.push(units));
  await items.put([item(1, 2), item(2, 7)]);
  await items.save({ pk: "k", sk: Buffer.from([1]) }, { body: Buffer.alloc(10), ttl: 2_000_000_000, version: 1 });
  expect(seen).toEqual([3, 1]);
});

test("what is read is counted by the bytes of its items", async () => {
  const seen: number[] = [];
  const store = memoryItems();
  await store.put([item(1, 1), item(2, 2)]);
  const items = measuredReads(store, (_, bytes) => seen.push(bytes));
  await items.get([item(1, 0), item(3, 0)], false);
  await items.query({ pk: "p", consistent: false });
  expect(seen).toEqual([1024, 3072]);
});
