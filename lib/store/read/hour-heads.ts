import { LRUCache } from "lru-cache";
import { type Clock, MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Item } from "../items.ts";
import { headRange, type Range, readHeadKey } from "../keys.ts";
import { readHead } from "../segment/read-head.ts";
import type { SegmentId } from "../segment/types.ts";
import type { Budget } from "./cost.ts";
import type { SegmentRef } from "./parts.ts";
import { isSettled, isUnderWay, type RangeReader } from "./range-reader.ts";

/** The heads of one hour, made before it was closed, as they stand by `at`. */
export interface HourHeads {
  /** Whether {@link refresh} is worth a query: the hour is under way, or was read, but longer ago than it is trusted. */
  isStale(): boolean;
  /** Whether no head of it is known. */
  isEmpty(): boolean;
  /** Reads what is new at the hour's end, and of an hour that is not known its newest heads. Returns the round trips that took. */
  refresh(spent: Budget): Promise<number>;
  /** Whether all that were made at `mark` (milliseconds since the epoch) or later are known, as of just now. */
  isKnownFrom(mark: number): boolean;
  /** Reads all that are not known of those made at `mark` or later. Returns the round trips that took. */
  complete(mark: number, spent: Budget): Promise<number>;
  /** Those known that were made at `mark` or later. From now on no others are looked for, until an earlier mark is named. */
  from(mark: number): SegmentRef[];
  /** No others are looked for at all, until a mark is named: the hour is closed. */
  close(): void;
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
 * An hour that ended long ago and is not merged has no spans, or nobody closes hours; what comes late stands elsewhere once
 * one does. So it is taken as it was a while ago. Without this, who asks for one id after the other makes the table answer
 * a query for every hour of the retention each time.
 */
const SETTLED_TRUST_MILLIS = 10_000;

/** One that something came for lately, though: a backlog that is sent, or a store that has just begun, before it is closed. */
const LATELY_MILLIS = MILLIS_PER_HOUR;

const NEWS_TRUST_MILLIS = 1_000;

/** Of an hour under way; what was made before is merged, or there is none. */
const NEWEST_HEADS = 128;

/** An hour under way that is not merged may have more heads than one answer of the table holds: so it is read as so many runs at the same time. */
const SLICES = 6;

/** What a decoded head weighs beside its bytes, measured. A body inside it is views of them until a search opens it. */
const REF_BYTES = 2000;

interface KnownHour {
  readonly segments: Map<SegmentId, SegmentRef>;
  /** All heads with this `at` or a later one were read. */
  from: number;
  /** The newest `at` seen, never ahead of our own clock: a reader's clock that is ahead must not hide what other shards write. */
  newestAt: number;
  /** When all of it was first read; milliseconds since the epoch. */
  readonly readAt: number;
  /** When it was last asked for what is new. */
  checkedAt: number;
  /** When it was last read again from further back. */
  widelyCheckedAt: number;
  isClosed: boolean;
  bytes: number;
}

/** @param cacheBytes heads never change, so those of the hours last asked for are kept */
export function hourHeads(read: RangeReader, clock: Clock, cacheBytes: number) {
  const cache = new LRUCache<string, KnownHour>({
    maxSize: Math.max(1, cacheBytes),
    sizeCalculation: (hour) => hour.bytes + REF_BYTES,
  });

  return (tenant: string, hour: number): HourHeads => {
    const key = `${tenant}\n${hour}`;
    const now = clock();
    const cached = cache.get(key);
    // Here and below, on either side of now: a clock is set back too.
    const known = cached !== undefined && Math.abs(now - cached.readAt) < TRUST_MILLIS ? cached : unknownHour(now);

    /** Whether this question has read what is new. */
    let isFresh = false;

    const isTrusted = (): boolean =>
      known.from !== UNKNOWN && Math.abs(now - known.checkedAt) < trustMillis(hour, known.newestAt, now);

    function take(item: Item): void {
      const { at, segment } = readHeadKey(item.sk);
      // A clock of ours that is behind reads from further back than need be, never from further on.
      known.newestAt = Math.max(known.newestAt, Math.min(at, now));
      if (known.segments.has(segment)) return;
      known.segments.set(segment, { head: readHead(item.body), hour, at, isLate: false });
      known.bytes += item.body.length + REF_BYTES;
    }

    /** Set again, because what it weighs is only looked at then. */
    function keep(): void {
      cache.delete(key);
      cache.set(key, known);
    }

    async function readNewest(spent: Budget): Promise<number> {
      let oldest = Number.POSITIVE_INFINITY;
      let count = 0;
      const newest = { ...headRange(tenant, hour), descending: true, limit: NEWEST_HEADS };
      const trips = await read(newest, spent, (item) => {
        count++;
        oldest = Math.min(oldest, readHeadKey(item.sk).at);
        take(item);
      });
      // Others may have been made in the same millisecond as the last of them.
      known.from = Math.min(known.from, count < NEWEST_HEADS ? 0 : oldest + 1);
      return trips;
    }

    async function readOlder(mark: number, spent: Budget): Promise<number> {
      const to = Math.min(known.from - 1, Number.MAX_SAFE_INTEGER);
      const ranges = isUnderWay(hour, now) ? slices(tenant, hour, mark, to) : [headRange(tenant, hour, mark, to)];
      const trips = Math.max(...(await Promise.all(ranges.map((range) => read(range, spent, take)))));
      known.from = Math.min(known.from, mark);
      return trips;
    }

    async function refresh(spent: Budget): Promise<number> {
      if (known.from === UNKNOWN) return readNewest(spent);
      const from = Math.max(0, known.from, known.newestAt - overlapMillis(known, now));
      const trips = await read(headRange(tenant, hour, from), spent, take);
      known.checkedAt = now;
      return trips;
    }

    return {
      async refresh(spent) {
        const trips = await refresh(spent);
        isFresh = true;
        keep();
        return trips;
      },
      isStale: () => !known.isClosed && !isTrusted() && (known.from !== UNKNOWN || isUnderWay(hour, now)),
      isEmpty: () => known.segments.size === 0,
      isKnownFrom: (mark) => known.from <= mark && (isFresh || isTrusted()),
      async complete(mark, spent) {
        const trips = known.from > mark ? await readOlder(mark, spent) : await refresh(spent);
        keep();
        return trips;
      },
      from(mark) {
        known.from = Math.max(known.from, mark);
        return [...known.segments.values()].filter(({ at }) => at >= mark);
      },
      close() {
        if (known.from === UNKNOWN) return;
        // What another question has read meanwhile stays: it may see an older summary.
        known.from = UNKNOWN;
        known.isClosed = true;
      },
    };
  };
}

/** No head of it was read. */
const UNKNOWN = Number.POSITIVE_INFINITY;

function slices(tenant: string, hour: number, fromAt: number, toAt: number): Range[] {
  const start = Math.max(fromAt, hour * MILLIS_PER_HOUR);
  const end = Math.min(toAt, (hour + 1) * MILLIS_PER_HOUR);
  const step = Math.ceil((end - start) / SLICES);
  if (step <= 0) return [headRange(tenant, hour, fromAt, toAt)];
  // What was made before or after the hour comes with the first or the last.
  return Array.from({ length: SLICES }, (_, i) =>
    headRange(tenant, hour, i === 0 ? fromAt : start + i * step, i === SLICES - 1 ? toAt : start + (i + 1) * step - 1),
  );
}

/** How long an hour is taken as it was read. */
function trustMillis(hour: number, newestAt: number, nowMillis: number): number {
  if (isSettled(hour, nowMillis))
    return Math.abs(nowMillis - newestAt) < LATELY_MILLIS ? NEWS_TRUST_MILLIS : SETTLED_TRUST_MILLIS;
  // Only clocks that are ahead send spans of an hour that has not begun.
  return hour * MILLIS_PER_HOUR > nowMillis ? NEWS_TRUST_MILLIS : 0;
}

/** How far back an hour is read again now. */
function overlapMillis(hour: KnownHour, nowMillis: number): number {
  if (Math.abs(nowMillis - hour.widelyCheckedAt) < WIDE_EVERY_MILLIS) return OVERLAP_MILLIS;
  hour.widelyCheckedAt = nowMillis;
  return WIDE_OVERLAP_MILLIS;
}

const unknownHour = (nowMillis: number): KnownHour => ({
  segments: new Map(),
  from: UNKNOWN,
  newestAt: 0,
  readAt: nowMillis,
  checkedAt: nowMillis,
  widelyCheckedAt: nowMillis,
  isClosed: false,
  bytes: 0,
});
