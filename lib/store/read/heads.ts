import { LRUCache } from "lru-cache";
import { type Clock, MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import type { Item } from "../items.ts";
import { headRange, lateHeadRange, type Range, readHeadKey, readLateHeadKey } from "../keys.ts";
import { readHead } from "../segment/read-head.ts";
import type { SegmentId } from "../segment/types.ts";
import type { Budget } from "./cost.ts";
import type { SegmentRef } from "./parts.ts";
import { eachDay, eachHour, type Hours } from "./window.ts";

export interface HeadLoader {
  /** Every segment of these hours, in no particular order; one round trip, and one more for each further page of the longest hour. */
  load(tenant: string, hours: Hours, budget: Budget): Promise<SegmentRef[]>;
}

/**
 * A head is written after everything that it names, and shards write at the same time: one with an earlier `at` may appear
 * after one with a later `at`. So what is already known is read again from this much before the newest known `at`.
 */
const OVERLAP_MILLIS = 60_000;

/** A write that is tried again takes longer, which is rare: further back is read again only now and then. */
const WIDE_OVERLAP_MILLIS = 10 * 60_000;
const WIDE_EVERY_MILLIS = 15_000;

/** A plan that had to wait even longer for its turn (a table that pushed back, a crashed indexer) is seen after this. */
const TRUST_MILLIS = 5 * 60_000;

/**
 * An hour that ended this long ago changes only by what comes late, and is taken as it was a second ago. Without this, who
 * asks for one id after the other makes the table answer a query for every hour of the retention each time.
 */
const SETTLED_HOURS = 3;
const SETTLED_TRUST_MILLIS = 1_000;

interface KnownHour {
  readonly segments: Map<SegmentId, SegmentRef>;
  /** The newest `at` seen, never ahead of our own clock: a reader's clock that is ahead must not hide what other shards write. */
  newestAt: number;
  /** When all of the hour was read; milliseconds since the epoch. */
  readonly readAt: number;
  /** When it was last asked for what is new. */
  checkedAt: number;
  /** When it was last read again from further back. */
  widelyCheckedAt: number;
  bytes: number;
}

/** What a decoded head weighs beside its bytes, measured. A body inside it is views of them until a search opens it. */
const REF_BYTES = 2000;

/** @param cacheBytes heads never change, so those of the hours last asked for are kept */
export function headLoader(batches: Batches, clock: Clock, cacheBytes: number): HeadLoader {
  const cache = new LRUCache<string, KnownHour>({
    maxSize: Math.max(1, cacheBytes),
    sizeCalculation: (hour) => hour.bytes + REF_BYTES,
  });

  async function query(range: Range, spent: Budget, take: (item: Item) => void): Promise<number> {
    let pages = 0;
    spent.claim(1);
    for await (const items of batches.queryAll({ ...range, consistent: false })) {
      if (pages++ > 0) spent.claim(1);
      for (const item of items) {
        spent.took(item.body.length);
        take(item);
      }
    }
    return Math.max(1, pages);
  }

  async function hourOfHeads(tenant: string, hour: number, spent: Budget, into: SegmentRef[]): Promise<number> {
    const key = `${tenant}\n${hour}`;
    const known = cache.get(key);
    const nowMillis = clock();
    const isTrusted = known !== undefined && nowMillis - known.readAt < TRUST_MILLIS;
    if (isTrusted && isSettled(hour, nowMillis) && nowMillis - known.checkedAt < SETTLED_TRUST_MILLIS) {
      for (const segment of known.segments.values()) into.push(segment);
      return 0;
    }
    const now: KnownHour = isTrusted ? known : unknownHour(nowMillis);
    const ranges =
      !isTrusted && isUnderWay(hour, nowMillis)
        ? timeSlices(tenant, hour)
        : [headRange(tenant, hour, Math.max(0, now.newestAt - overlapMillis(now, nowMillis)))];
    let newestAt = now.newestAt;
    const take = (item: Item): void => {
      const { at, segment } = readHeadKey(item.sk);
      newestAt = Math.max(newestAt, at);
      if (now.segments.has(segment)) return;
      now.segments.set(segment, { head: readHead(item.body), hour, at });
      now.bytes += item.body.length + REF_BYTES;
    };
    const pages = Math.max(...(await Promise.all(ranges.map((range) => query(range, spent, take)))));
    now.newestAt = Math.max(now.newestAt, Math.min(newestAt, nowMillis));
    now.checkedAt = Math.max(now.checkedAt, nowMillis);
    // Set again, because what it weighs is only looked at then.
    cache.delete(key);
    cache.set(key, now);
    for (const segment of now.segments.values()) into.push(segment);
    return pages;
  }

  /** Late heads stand by hour, not by `at`: there is no mark to go on from, and they are few. */
  async function dayOfHeads(tenant: string, day: number, hours: Hours, spent: Budget, into: SegmentRef[]) {
    const range = lateHeadRange(tenant, day, hours.first, hours.last);
    return query(range, spent, (item) => {
      const { hour, at } = readLateHeadKey(item.sk);
      into.push({ head: readHead(item.body), hour, at });
    });
  }

  return {
    async load(tenant, hours, spent) {
      const found: SegmentRef[] = [];
      const trips = await Promise.all([
        ...eachHour(hours).map((hour) => hourOfHeads(tenant, hour, spent, found)),
        ...eachDay(hours).map((day) => dayOfHeads(tenant, day, hours, spent, found)),
      ]);
      spent.roundTrips(Math.max(0, ...trips));
      return found;
    },
  };
}

/**
 * An hour under way may have more heads than one answer of the table holds, and most were made within it: so it is read
 * as so many runs at the same time, and what was made before or after it with the first or the last.
 */
const SLICES = 6;

function timeSlices(tenant: string, hour: number): Range[] {
  const start = hour * MILLIS_PER_HOUR;
  const step = MILLIS_PER_HOUR / SLICES;
  return Array.from({ length: SLICES }, (_, i) =>
    headRange(
      tenant,
      hour,
      i === 0 ? 0 : start + i * step,
      i === SLICES - 1 ? Number.MAX_SAFE_INTEGER : start + (i + 1) * step - 1,
    ),
  );
}

/** How far back an hour is read again now. */
function overlapMillis(hour: KnownHour, nowMillis: number): number {
  if (nowMillis - hour.widelyCheckedAt < WIDE_EVERY_MILLIS) return OVERLAP_MILLIS;
  hour.widelyCheckedAt = nowMillis;
  return WIDE_OVERLAP_MILLIS;
}

const unknownHour = (nowMillis: number): KnownHour => ({
  segments: new Map(),
  newestAt: 0,
  readAt: nowMillis,
  checkedAt: nowMillis,
  widelyCheckedAt: nowMillis,
  bytes: 0,
});

/** It, or the hour before, whose last spans are still being written. */
function isUnderWay(hour: number, nowMillis: number): boolean {
  const now = Math.floor(nowMillis / MILLIS_PER_HOUR);
  return hour === now || hour === now - 1;
}

const isSettled = (hour: number, nowMillis: number): boolean =>
  hour + SETTLED_HOURS < Math.floor(nowMillis / MILLIS_PER_HOUR);
