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
  expect(await name()).toBe("asked 3");
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
