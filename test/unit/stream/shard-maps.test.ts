import { expect, test } from "vitest";
import type { Shard } from "../../../lib/stream/port.ts";
import { shardMaps } from "../../../lib/stream/shard-maps.ts";

const shard: Shard = { id: "a", parentIds: [], start: 0n, end: 2n ** 128n - 1n, isOpen: true };

test("a shard map is asked for once a minute, by all together, and again when it is expired", async () => {
  let now = 0;
  let asked = 0;
  const maps = shardMaps({ shards: async () => [{ ...shard, id: `asked ${++asked}` }] }, () => now);
  const name = async () => (await maps.current()).shards[0]?.id;
  expect(await Promise.all([name(), name()])).toEqual(["asked 1", "asked 1"]);
  now = 59_999;
  expect(await name()).toBe("asked 1");
  now = 60_000;
  expect(await name()).toBe("asked 2");
  maps.expire();
  now = 61_000;
  expect(await name()).toBe("asked 3");
});

test("a shard map that is found out of date again and again is asked for once a second", async () => {
  let now = 0;
  let asked = 0;
  const maps = shardMaps({ shards: async () => [{ ...shard, id: `asked ${++asked}` }] }, () => now);
  for (; now <= 3_000; now += 10) {
    await maps.current();
    maps.expire();
  }
  expect(asked).toBe(4);
});

test("the shard map before serves while a new one cannot be had, and is replaced within a second after", async () => {
  let now = 0;
  let isAway = false;
  let asked = 0;
  const maps = shardMaps(
    {
      shards: async () => {
        asked++;
        if (isAway) throw new Error("away");
        return [{ ...shard, id: `asked ${asked}` }];
      },
    },
    () => now,
  );
  const name = async () => (await maps.current()).shards[0]?.id;
  expect(await name()).toBe("asked 1");
  isAway = true;
  for (now = 60_000; now < 63_000; now += 100) expect(await name()).toBe("asked 1");
  expect(asked).toBe(4);
  isAway = false;
  expect(await name()).toBe("asked 5");
});

test("a shard map that was had while the clock was ahead is asked for again", async () => {
  let now = 9 * 86_400_000;
  let asked = 0;
  const maps = shardMaps({ shards: async () => [{ ...shard, id: `asked ${++asked}` }] }, () => now);
  await maps.current();
  now = 0;
  expect((await maps.current()).shards[0]?.id).toBe("asked 2");
});

test("a shard map that could not be had is asked for again at once", async () => {
  let asked = 0;
  const maps = shardMaps(
    {
      shards: async () => {
        if (++asked === 1) throw new Error("away");
        return [shard];
      },
    },
    () => 0,
  );
  await expect(maps.current()).rejects.toThrow("away");
  expect((await maps.current()).shards).toEqual([shard]);
});
