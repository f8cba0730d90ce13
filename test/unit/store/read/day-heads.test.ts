import { expect, test } from "vitest";
import { itemBatches } from "../../../../lib/store/batches.ts";
import { summaryKey } from "../../../../lib/store/keys.ts";
import { writeSummary } from "../../../../lib/store/merge/write-summary.ts";
import { budget } from "../../../../lib/store/read/cost.ts";
import { dayHeads } from "../../../../lib/store/read/day-heads.ts";
import { rangeReader } from "../../../../lib/store/read/range-reader.ts";
import { searchTraces } from "../../../data/search-traces.ts";
import { memoryItems } from "../../../support/memory-items.ts";
import { dealOut, openStore, writeAll } from "../../../support/search-world.ts";

const HOUR = 490_008;
const DAY = Math.floor(HOUR / 24);
const HOUR_MILLIS = 3_600_000;
/** Room for several such days. */
const CACHE_BYTES = 300_000;
const SUMMARY = { hour: HOUR, isClosed: true, mark: 9, merged: [], markLate: 0, mergedLate: [] };

test("a day that is looked at every second is kept, however often what came late is read again", async () => {
  const items = memoryItems();
  await items.put([{ ...summaryKey("acme", HOUR), body: writeSummary(SUMMARY), ttl: 1 }]);
  let now = (HOUR + 2) * HOUR_MILLIS;
  const traces = searchTraces({ seed: 1, traces: 60, from: BigInt(HOUR * HOUR_MILLIS) * 1_000_000n, hours: 1 });
  const plans = dealOut(traces, { seed: 2, shards: 3, plansPerShard: 6, at: now, closed: HOUR + 1 });
  await writeAll(openStore(items, now), "acme", plans);
  const clock = () => now;
  const batches = itemBatches({ items, clock, sleep: async () => {}, random: () => 0.5 });
  const read = dayHeads(rangeReader(batches), clock, CACHE_BYTES);
  const spent = budget({ millis: 60_000, bytes: 1e9, gets: 1e6 }, clock);
  const first = await read.load("acme", DAY, { first: DAY * 24, last: DAY * 24 + 23 }, spent);
  expect(first.heads.late.length).toBeGreaterThan(3);
  for (let second = 0; second < 50; second++) {
    now += 1_100;
    const { heads } = await read.load("acme", DAY, { first: DAY * 24, last: DAY * 24 + 23 }, spent);
    expect(heads.summary(HOUR)).toBe(first.heads.summary(HOUR));
  }
});
