import { LRUCache } from "lru-cache";
import type { Clock } from "../../model/time.ts";
import type { Item } from "../items.ts";
import { dayKeyKind, dayOf, dayRange, readLateHeadKey, readStartedKey, startedRange } from "../keys.ts";
import { readSummary } from "../merge/read-summary.ts";
import type { HourSummary, MergedHead } from "../merge/types.ts";
import { readHead } from "../segment/read-head.ts";
import type { SegmentId } from "../segment/types.ts";
import type { Budget } from "./cost.ts";
import type { MergedRef, SegmentRef } from "./parts.ts";
import { expectedHours, firstUnderWay, type RangeReader } from "./range-reader.ts";
import { eachHour, type Hours, overlap } from "./window.ts";

/** What stands beside the hours of one day: what of them is merged, and what came when they were closed. */
export interface DayHeads {
  /** Undefined when nothing of the hour is merged. */
  summary(hour: number): SummaryRef | undefined;
  /** Whether heads that did not come late may stand by themselves in the hour, whether or not they are merged. */
  isStarted(hour: number): boolean;
  /** Heads that came late, merged or not. */
  readonly late: readonly SegmentRef[];
}

/** An hour's summary, its merged segments made ready to be searched. */
interface SummaryRef {
  readonly summary: HourSummary;
  readonly merged: readonly MergedRef[];
  /** What it takes in memory. */
  readonly bytes: number;
}

/** A merged segment that is there a minute longer in parts than in one costs reads, and nothing else. */
const SUMMARY_TRUST_MILLIS = 60_000;
/**
 * What comes when its hour is closed is late by many minutes already, and what comes for an hour ahead is rare. Summaries of
 * hours under way are read with it: there the reads that a merge saves are most of what everybody asks for.
 */
const NEWS_TRUST_MILLIS = 1_000;

/** Of a decoded head or summary, beside its bytes. */
const REF_BYTES = 2000;

interface KnownDay extends DayHeads {
  readonly late: SegmentRef[];
  readonly summaries: ReadonlyMap<number, SummaryRef>;
  readonly started: Set<number>;
  /** When they were read, milliseconds since the epoch. */
  readonly summariesAt: number;
  /** When what may have changed since then was. */
  readonly newsAt: number;
  readonly bytes: number;
}

interface Days {
  /** In one round trip, or in none. @param asked the hours that the caller asks for, on any day */
  load(
    tenant: string,
    day: number,
    asked: Hours,
    spent: Budget,
  ): Promise<{ readonly heads: DayHeads; readonly trips: number }>;
  /** Whether nothing had come for the hour when its day was read last; false of a day that is not known. */
  isUnstarted(tenant: string, hour: number): boolean;
}

/** @param cacheBytes for the days last asked for */
export function dayHeads(read: RangeReader, clock: Clock, cacheBytes: number): Days {
  const cache = new LRUCache<string, KnownDay>({
    maxSize: Math.max(1, cacheBytes),
    sizeCalculation: (day) => day.bytes + REF_BYTES,
  });

  /** What comes first for an hour is seen at once: whether those of which nothing came yet are started is asked each time. */
  async function readStarted(tenant: string, day: number, known: KnownDay, asked: Hours, spent: Budget) {
    const { started, summaries } = known;
    const hours = eachHour(overlap(asked, expectedHours(clock()))).filter(
      (hour) => dayOf(hour) === day && !started.has(hour) && !summaries.has(hour),
    );
    if (hours.length === 0) return 0;
    const range = startedRange(tenant, Math.min(...hours), Math.max(...hours));
    return read(range, spent, ({ sk }) => void started.add(readStartedKey(sk)));
  }

  const load: Days["load"] = async (tenant, day, asked, spent) => {
    const key = keyOf(tenant, day);
    const now = clock();
    const known = cache.get(key);
    // On either side of now: a clock is set back too.
    if (known !== undefined && Math.abs(now - known.newsAt) < NEWS_TRUST_MILLIS)
      return { heads: known, trips: await readStarted(tenant, day, known, asked, spent) };
    const isFresh = known !== undefined && Math.abs(now - known.summariesAt) < SUMMARY_TRUST_MILLIS;
    const summaries = new Map<number, SummaryRef>(isFresh ? known.summaries : []);
    const before = new Map<SegmentId, SegmentRef>(known?.late.map((ref) => [ref.head.segment, ref]));
    const late: SegmentRef[] = [];
    let lateBytes = 0;
    // None ceases to be started, whatever a replica that lags behind says.
    const started = new Set<number>(known?.started);
    const take = ({ sk, body }: Item): void => {
      const kind = dayKeyKind(sk);
      if (kind === "summary") {
        const summary = readSummary(body);
        summaries.set(summary.hour, summaryRef(summary, body.length + REF_BYTES));
      } else if (kind === "started") started.add(readStartedKey(sk));
      else {
        lateBytes += body.length + REF_BYTES;
        const { hour, at, segment } = readLateHeadKey(sk);
        late.push(before.get(segment) ?? { head: readHead(body), hour, at, isLate: true });
      }
    };
    const range = dayRange(tenant, day, isFresh ? firstUnderWay(now) : 0);
    const trips = await read(range, spent, take);
    const summaryBytes = [...summaries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const fresh: KnownDay = {
      ...{ late, summaries, started, bytes: summaryBytes + lateBytes, newsAt: now },
      summariesAt: isFresh ? known.summariesAt : now,
      summary: (hour) => summaries.get(hour),
      isStarted: (hour) => started.has(hour),
    };
    cache.set(key, fresh);
    return { heads: fresh, trips };
  };

  return {
    load,
    isUnstarted(tenant, hour) {
      const day = cache.get(keyOf(tenant, dayOf(hour)));
      return day !== undefined && !day.started.has(hour) && !day.summaries.has(hour);
    },
  };
}

const keyOf = (tenant: string, day: number): string => `${tenant}\n${day}`;

const summaryRef = (summary: HourSummary, bytes: number): SummaryRef => ({
  summary,
  bytes,
  merged: [
    ...summary.merged.map((merged) => mergedRef(merged, summary.hour, false)),
    ...summary.mergedLate.map((merged) => mergedRef(merged, summary.hour, true)),
  ],
});

const mergedRef = (merged: MergedHead, hour: number, isLate: boolean): MergedRef => ({
  head: { segment: merged.id, body: "merged" },
  ...{ merged, hour, at: merged.maxAt, isLate },
});
