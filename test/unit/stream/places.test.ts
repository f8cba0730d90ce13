import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placeOf, shardMap } from "../../../lib/stream/places.ts";
import type { Shard } from "../../../lib/stream/port.ts";
import { Random } from "../../data/random.ts";

const PLACES = 2n ** 128n;

function evenShards(count: number): Shard[] {
  const width = PLACES / BigInt(count);
  return Array.from({ length: count }, (_, i) => ({
    id: `shardId-${String(i).padStart(12, "0")}`,
    parentIds: [],
    start: width * BigInt(i),
    end: i === count - 1 ? PLACES - 1n : width * BigInt(i + 1) - 1n,
    isOpen: true,
  }));
}

/** Pearson's statistic of how unevenly `counts` lie. */
function chiSquare(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

/** 99.9 % of truly random draws over 16 cells lie below. */
const CHI_SQUARE_15_DEGREES = 37.7;

const idOf = (hex: string): Uint8Array => Buffer.from(hex, "hex");

describe("a place", () => {
  test("is pinned: every version sends the same trace to the same place", () => {
    expect(placeOf(idOf("00000000000000000000000000000001"), 0).toString(16)).toBe("4bbba1ea9ee50017399438a283991ac2");
    expect(placeOf(idOf("4bf92f3577b34da6a3ce929d0e0e4736"), 0).toString(16)).toBe("3db4573eb69386530220d83c8e8eb6f5");
    expect(placeOf(idOf("ffffffffffffffffffffffffffffffff"), 0).toString(16)).toBe("1da7c46a01a3e88e1938e44e2ae43279");
  });

  test("follows from the sixteen bytes alone, wherever they lie", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(50), (id, before) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 7), id, Buffer.alloc(3, 9)]);
        expect(placeOf(bytes, before)).toBe(placeOf(id, 0));
      }),
    );
  });

  test.each([
    ["random ids", (random: Random) => random.hex(16)],
    ["ids of 64 bits", (random: Random) => random.hex(8).padStart(32, "0")],
    ["ids that begin with the time, as X-Ray's do", (random: Random) => `6a5b7c${random.hex(1)}${random.hex(12)}`],
  ])("lies evenly over 16 shards, and over the 16 parts of one of them: %s", (_, make) => {
    const random = new Random(11);
    const coarse = new Array<number>(16).fill(0);
    const fine = new Array<number>(16).fill(0);
    for (let i = 0; i < 64_000; i++) {
      const place = placeOf(idOf(make(random)), 0);
      const cell = Number(place >> 124n);
      coarse[cell] = (coarse[cell] ?? 0) + 1;
      const within = Number((place >> 120n) & 15n);
      if (cell === 3) fine[within] = (fine[within] ?? 0) + 1;
    }
    expect(chiSquare(coarse)).toBeLessThan(CHI_SQUARE_15_DEGREES);
    expect(chiSquare(fine)).toBeLessThan(CHI_SQUARE_15_DEGREES);
  });

  test("lies evenly for ids that only count up", () => {
    const counts = new Array<number>(16).fill(0);
    for (let i = 1; i <= 64_000; i++) {
      const cell = Number(placeOf(idOf(i.toString(16).padStart(32, "0")), 0) >> 124n);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_15_DEGREES);
  });

  test("moves half of all its bits when one bit of the id moves", () => {
    const random = new Random(3);
    const moved = new Array<number>(128).fill(0);
    const trials = 40;
    for (let bit = 0; bit < 128; bit++) {
      let total = 0;
      for (let trial = 0; trial < trials; trial++) {
        const id = idOf(random.hex(16));
        const before = placeOf(id, 0);
        id[bit >> 3] = (id[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        total += (before ^ placeOf(id, 0)).toString(2).replaceAll("0", "").length;
      }
      moved[bit] = total / trials;
    }
    expect(Math.min(...moved)).toBeGreaterThan(58);
    expect(Math.max(...moved)).toBeLessThan(70);
  });
});

describe("a shard map", () => {
  const holds = (shard: Shard | undefined, place: bigint): boolean =>
    shard !== undefined && shard.start <= place && place <= shard.end;

  test("finds the open shard that takes a place, at every edge too", () => {
    for (const count of [1, 2, 3, 7, 16, 200]) {
      const map = shardMap(evenShards(count).reverse());
      for (const shard of map.shards)
        for (const place of [shard.start, shard.start + 1n, shard.end])
          expect(map.shards[map.shardIndexOf(place)]).toBe(shard);
    }
  });

  test("finds it for a trace id as for the id's place", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.integer({ min: 1, max: 40 }), (id, count) => {
        const map = shardMap(evenShards(count));
        const index = map.shardIndexOfTrace(id, 0);
        expect(index).toBe(map.shardIndexOf(placeOf(id, 0)));
        expect(holds(map.shards[index], placeOf(id, 0))).toBe(true);
      }),
    );
  });

  test("leaves closed shards out: their places are their children's", () => {
    const [parent] = evenShards(1) as [Shard];
    const children = evenShards(2).map((shard, i) => ({ ...shard, id: `child-${i}`, parentIds: [parent.id] }));
    const map = shardMap([{ ...parent, isOpen: false }, ...children]);
    expect(map.shards.map((shard) => shard.id)).toEqual(["child-0", "child-1"]);
    expect(map.shardIndexOf(PLACES - 1n)).toBe(1);
  });

  test("of a stream with no open shard is unavailable", () => {
    expect(() => shardMap([])).toThrow(expect.objectContaining({ code: "unavailable" }));
  });
});
