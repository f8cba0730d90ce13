import type { Clock } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { dayOf } from "../keys.ts";
import type { Budget } from "./cost.ts";
import { type DayHeads, dayHeads } from "./day-heads.ts";
import { type HourHeads, hourHeads } from "./hour-heads.ts";
import type { IndexRef } from "./parts.ts";
import { rangeReader } from "./range-reader.ts";
import { eachDay, eachHour, type Hours } from "./window.ts";

export interface HeadLoader {
  /** What there is in these hours, in no particular order, as far as one round trip tells. */
  load(tenant: string, hours: Hours, spent: Budget): Promise<KnownHeads>;
}

interface KnownHeads {
  /** Every segment is here, or within a merged one, once; those that {@link rest} brings are not. */
  readonly refs: readonly IndexRef[];
  /** Hours of which the rest may bring more. */
  readonly open: ReadonlySet<number>;
  /** Reads what is left: hours that nothing is merged of, or not enough. Wait for it beside what else is read, or alone. */
  rest(besides: "besides" | "alone"): Promise<IndexRef[]>;
}

/** Of the memory for heads, for summaries and what came late: a closed hour takes little. */
const DAY_SHARE = 0.125;

/**
 * One summary of an hour is used for all of a question: it says up to which mark heads stand within merged segments, and
 * every head is either before its mark or not.
 */
export function headLoader(batches: Batches, clock: Clock, cacheBytes: number): HeadLoader {
  const read = rangeReader(batches);
  const days = dayHeads(read, clock, Math.floor(cacheBytes * DAY_SHARE));
  const headsOf = hourHeads(read, clock, Math.floor(cacheBytes * (1 - DAY_SHARE)));

  return {
    async load(tenant, hours, spent) {
      const all = new Map(eachHour(hours).map((hour) => [hour, headsOf(tenant, hour)]));
      const known = new Map<number, DayHeads>();
      const isWorth = (hour: number, heads: HourHeads): boolean =>
        heads.isStale() && !(heads.isEmpty() && days.isUnstarted(tenant, hour));
      const trips = await Promise.all([
        ...[...all].filter((one) => isWorth(...one)).map(([, heads]) => heads.refresh(spent)),
        ...eachDay(hours).map(async (day) => {
          const { heads, trips } = await days.load(tenant, day, hours, spent);
          known.set(day, heads);
          return trips;
        }),
      ]);
      spent.roundTrips(Math.max(0, ...trips));
      const open = new Map<number, OpenHour>();
      const ofHour = (hour: number, heads: HourHeads): readonly IndexRef[] => {
        const day = known.get(dayOf(hour));
        const { summary, merged = [] } = day?.summary(hour) ?? {};
        if (summary?.isClosed) {
          heads.close();
          return merged;
        }
        const mark = summary?.mark ?? 0;
        if (heads.isKnownFrom(mark)) return [...merged, ...heads.from(mark)];
        // Most hours of a retention are such where little is sent: a query each would be nearly all that a question costs.
        if (summary === undefined && !day?.isStarted(hour)) return [];
        open.set(hour, { heads, mark });
        return merged;
      };
      const refs = [...all].flatMap(([hour, heads]) => ofHour(hour, heads));
      const late = [...known.values()].flatMap((day) => lateIn(day, hours));
      return {
        refs: [...refs, ...late],
        open: new Set(open.keys()),
        async rest(besides) {
          const more = await Promise.all([...open.values()].map(({ heads, mark }) => heads.complete(mark, spent)));
          spent.roundTrips(Math.max(0, Math.max(0, ...more) - (besides === "besides" ? 1 : 0)));
          return [...open.values()].flatMap(({ heads, mark }) => heads.from(mark));
        },
      };
    },
  };
}

interface OpenHour {
  readonly heads: HourHeads;
  /** Heads made before are merged. */
  readonly mark: number;
}

/** Late heads of these hours that are not merged. */
const lateIn = (day: DayHeads, { first, last }: Hours): IndexRef[] =>
  day.late.filter(({ hour, at }) => hour >= first && hour <= last && at >= (day.summary(hour)?.summary.markLate ?? 0));
