import { expect, test } from "vitest";
import { itemBatches } from "../../../../lib/store/batches.ts";
import type { Items } from "../../../../lib/store/items.ts";
import { budget, type ReadCost, SEARCH_LIMITS } from "../../../../lib/store/read/cost.ts";
import { headLoader } from "../../../../lib/store/read/heads.ts";
import { Random } from "../../../data/random.ts";
import { memoryItems } from "../../../support/memory-items.ts";
import { mergeHour } from "../../../support/merged-hours.ts";
import { HOUR, plainSpan } from "../../../support/plain-span.ts";
import { HOUR_MILLIS, openStore, writeAll } from "../../../support/search-world.ts";

const NOW = (HOUR + 1) * HOUR_MILLIS - 1000;
const TENANT = "shop";

async function writeSegment(items: Items, number: number, at: number, closed = -1): Promise<void> {
  const plan = { stream: "spans/1", shardId: `${number % 4}`, first: `${number}`, last: `${number}`, at, closed };
  await writeAll(openStore(items, NOW), TENANT, [
    { plan, batches: [{ received: BigInt(NOW) * 1_000_000n, spans: Array.from({ length: 6 }, () => plainSpan()) }] },
  ]);
}

/** Asks again and again for the same hour's heads, at the clock's times. */
function asker(items: Items, cacheBytes: number, clock: () => number) {
  const batches = itemBatches({ items, clock, sleep: async () => {}, random: () => 0.5 });
  const loader = headLoader(batches, clock, cacheBytes);
  return async (): Promise<{ heads: number; cost: ReadCost }> => {
    const spent = budget(SEARCH_LIMITS, clock);
    const heads = await loader.load(TENANT, { first: HOUR, last: HOUR }, spent);
    const rest = await heads.rest("alone");
    return { heads: heads.refs.length + rest.length, cost: spent.cost };
  };
}

test("a plan made under a clock that is ahead hides no head of another shard", async () => {
  const items = memoryItems();
  await writeSegment(items, 1, NOW + HOUR_MILLIS);
  const ask = asker(items, 1e6, () => NOW);
  expect((await ask()).heads).toBe(1);
  await writeSegment(items, 2, NOW);
  expect((await ask()).heads).toBe(2);
});

test("a clock that is set back hides nothing that comes after that", async () => {
  for (const back of [2_000, 3 * 60_000, HOUR_MILLIS / 2]) {
    const items = memoryItems();
    let now = NOW;
    const ask = asker(items, 1e7, () => now);
    await writeSegment(items, 1, now);
    expect((await ask()).heads).toBe(1);
    now -= back;
    await writeSegment(items, 2, now);
    await writeSegment(items, 3, now, HOUR);
    expect([back, (await ask()).heads]).toEqual([back, 3]);
  }
});

test("an hour that ended long ago is trusted again once it was read under the clock that was set back", async () => {
  const items = memoryItems();
  await writeSegment(items, 1, NOW);
  let now = NOW + 10 * HOUR_MILLIS;
  const ask = asker(items, 1e7, () => now);
  expect((await ask()).heads).toBe(1);
  now -= 60_000;
  expect((await ask()).heads).toBe(1);
  const asked: string[] = [];
  items.faults = ({ keys }) => {
    asked.push(...keys.map(({ pk }) => pk));
    return undefined;
  };
  now += 1_000;
  expect((await ask()).heads).toBe(1);
  expect(asked.filter((pk) => pk.startsWith("S#"))).toEqual([]);
});

test("an hour of small segments, three a second, fits into the memory that a reader has for heads", async () => {
  const items = memoryItems();
  for (let n = 0; n < 200; n++) await writeSegment(items, n, NOW - 3_500_000 + n * 17_500);
  // A reader has 64 MiB; two such hours have 22,000 of them.
  const ask = asker(items, 600_000, () => NOW);
  const cold = (await ask()).cost.bytes;
  const { heads, cost } = await ask();
  expect(heads).toBe(200);
  expect(cost.bytes).toBeLessThan(cold / 4);
});

test("who asks again within seconds reads little more than what is new, and late ones before long", async () => {
  const items = memoryItems();
  for (let n = 0; n < 60; n++) await writeSegment(items, n, NOW - n * 10_000);
  let now = NOW;
  const ask = asker(items, 1e7, () => now);
  const cold = (await ask()).cost.bytes;
  now += 1_000;
  expect((await ask()).cost.bytes).toBeLessThan(cold / 6);
  await writeSegment(items, 100, NOW - 30_000);
  expect((await ask()).heads).toBe(61);
  await writeSegment(items, 101, NOW - 5 * 60_000);
  now += 20_000;
  expect((await ask()).heads).toBe(62);
});

test("every head counts once, by itself or within a merged segment, whatever mark the summary in sight has", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = new Random(seed);
    const items = memoryItems();
    let now = NOW - HOUR_MILLIS / 2;
    const batches = itemBatches({ items, clock: () => now, sleep: async () => {}, random: () => 0.5 });
    const loader = headLoader(batches, () => now, random.chance(0.5) ? 1e7 : 1);
    const plans: { at: number; isLate: boolean }[] = [];
    for (let step = 0; step < 25; step++) {
      // What comes late is looked for once a second.
      now += 1_000 + random.below(50_000);
      for (let n = random.below(4); n > 0; n--) {
        const plan = { at: now - random.below(10), isLate: random.chance(0.3) };
        plans.push(plan);
        await writeSegment(items, plans.length, plan.at, plan.isLate ? HOUR : -1);
      }
      // An older summary may come into sight again: replicas differ.
      const mark = now - random.below(200_000);
      if (random.chance(0.3)) {
        const markLate = random.chance(0.5) ? mark : 0;
        await mergeHour(items, {
          tenant: TENANT,
          hour: HOUR,
          isClosed: false,
          mark,
          markLate,
          most: 1 + random.below(9),
        });
      }
      const known = await loader.load(
        TENANT,
        { first: HOUR, last: HOUR },
        budget(SEARCH_LIMITS, () => now),
      );
      const refs = [...known.refs, ...(await known.rest("alone"))];
      const count = (wanted: boolean) =>
        refs
          .filter(({ isLate }) => isLate === wanted)
          .reduce((sum, ref) => sum + ("merged" in ref ? ref.merged.inputs : 1), 0);
      const expected = (wanted: boolean) => plans.filter(({ isLate }) => isLate === wanted).length;
      expect([count(false), count(true)], `seed ${seed}, step ${step}`).toEqual([expected(false), expected(true)]);
      const single = refs.flatMap((ref) => ("merged" in ref ? [] : ref.head.segment));
      expect(new Set(single).size).toBe(single.length);
    }
  }
}, 60_000);

test("a merge is used within a second where spans are still written, and what it took up is not read again", async () => {
  const items = memoryItems();
  for (let n = 0; n < 60; n++) await writeSegment(items, n, NOW - n * 500);
  let now = NOW;
  const ask = asker(items, 1e7, () => now);
  expect((await ask()).heads).toBe(60);
  await mergeHour(items, { tenant: TENANT, hour: HOUR, isClosed: false, mark: NOW - 4_750, markLate: 0, most: 60 });
  now += 1_000;
  expect((await ask()).heads).toBe(11);
  now += 100;
  const { cost } = await ask();
  now += 1_000;
  await writeSegment(items, 100, now);
  const { heads, cost: later } = await ask();
  expect(heads).toBe(12);
  // Of sixty heads of some 400 bytes each.
  expect(Math.max(cost.bytes, later.bytes)).toBeLessThan(10_000);
});

test("the heads of an hour are not asked for again once it is known to be closed", async () => {
  const items = memoryItems();
  for (let n = 0; n < 20; n++) await writeSegment(items, n, NOW - n * 1000);
  let now = NOW;
  const ask = asker(items, 1e7, () => now);
  expect((await ask()).heads).toBe(20);
  const all = Number.MAX_SAFE_INTEGER;
  await mergeHour(items, { tenant: TENANT, hour: HOUR, isClosed: true, mark: all, markLate: 0, most: 20 });
  now += 700_000;
  expect((await ask()).heads).toBe(1);
  now += 100;
  const { heads, cost } = await ask();
  expect([heads, cost.gets]).toEqual([1, 0]);
});

test("hours of a week that nothing came for cost no query each, and what comes for one is seen within a second", async () => {
  const items = memoryItems();
  let now = NOW + 100 * HOUR_MILLIS;
  const clock = () => now;
  const batches = itemBatches({ items, clock, sleep: async () => {}, random: () => 0.5 });
  const loader = headLoader(batches, clock, 1e7);
  const ask = async () => {
    const spent = budget(SEARCH_LIMITS, clock);
    const heads = await loader.load(TENANT, { first: HOUR - 60, last: HOUR + 101 }, spent);
    const rest = await heads.rest("alone");
    return { heads: heads.refs.length + rest.length, gets: spent.cost.gets };
  };
  // Seven days, and the hours that spans are expected for at any time: this one and the one before.
  expect((await ask()).gets).toBe(7 + 2);
  now += 100;
  // Whether anything has come for those, or for the two before.
  expect((await ask()).gets).toBe(1);
  await writeSegment(items, 1, now);
  now += 1_000;
  expect((await ask()).heads).toBe(1);
  now += 60_000;
  expect(await ask()).toMatchObject({ heads: 1 });
});

test("what comes for an hour that ended lately and had nothing is seen at once, for one ahead within a second", async () => {
  for (const [ahead, millis] of [
    [1, 1_000],
    [2, 1_000],
    [0, 0],
    [-1, 0],
    [-2, 0],
    [-3, 0],
  ] as const) {
    const items = memoryItems();
    let now = NOW - 60_000 - ahead * HOUR_MILLIS;
    const ask = asker(items, 1e7, () => now);
    expect((await ask()).heads).toBe(0);
    await writeSegment(items, 1, now);
    now += millis;
    expect([ahead, (await ask()).heads]).toEqual([ahead, 1]);
    await writeSegment(items, 2, now);
    now += millis;
    expect([ahead, (await ask()).heads]).toEqual([ahead, 2]);
  }
});

test("what was shown stays when its hour is no longer under way, and when the clock is set back before it", async () => {
  for (const [begin, millis] of [
    [(HOUR + 2) * HOUR_MILLIS - 50, 100],
    [HOUR * HOUR_MILLIS + 100, -150],
  ] as const) {
    const items = memoryItems();
    let now = begin - 50;
    const ask = asker(items, 1e7, () => now);
    expect((await ask()).heads).toBe(0);
    await writeSegment(items, 1, now);
    now = begin;
    expect((await ask()).heads).toBe(1);
    now += millis;
    expect((await ask()).heads).toBe(1);
  }
});

test("a replica that lags behind hides no head that was seen", async () => {
  const items = memoryItems();
  let now = NOW;
  const ask = asker(items, 1e7, () => now);
  await writeSegment(items, 1, now);
  items.faults = () => ({ left: 0, hides: ({ pk }) => pk.startsWith("H#") });
  expect((await ask()).heads).toBe(1);
  expect((await ask()).heads).toBe(1);
  items.faults = () => undefined;
  now += 1_000;
  expect((await ask()).heads).toBe(1);
  items.faults = () => ({ left: 0, hides: ({ pk }) => pk.startsWith("H#") });
  now += 1_000;
  expect((await ask()).heads).toBe(1);
});

test("what comes is seen within a second, whatever the reader's clock says", async () => {
  for (const off of [-15, -1, 0, 1, 15])
    for (const minute of [-61, -20, -1, 0, 1, 59, 61, 119, 121, 200, 239, 241, 400, 4000]) {
      const items = memoryItems();
      let writers = HOUR * HOUR_MILLIS + minute * 60_000;
      const ask = asker(items, 1e7, () => writers + off * 60_000);
      await ask();
      for (let n = 1; n <= 3; n++) {
        writers += 5;
        await writeSegment(items, n, writers);
        writers += 1_000;
        expect([off, minute, n, (await ask()).heads]).toEqual([off, minute, n, n]);
      }
    }
});

test("a closed hour is one query of its day, and none of its heads", async () => {
  const items = memoryItems();
  for (let n = 0; n < 20; n++) await writeSegment(items, n, NOW - n * 1000);
  const all = Number.MAX_SAFE_INTEGER;
  await mergeHour(items, { tenant: TENANT, hour: HOUR, isClosed: true, mark: all, markLate: 0, most: 20 });
  const later = NOW + 10 * HOUR_MILLIS;
  const { heads, cost } = await asker(items, 1e7, () => later)();
  expect([heads, cost.gets, cost.roundTrips]).toEqual([1, 1, 1]);
});
