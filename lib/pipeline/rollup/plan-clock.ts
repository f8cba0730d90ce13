import type { ShardState } from "./shards.ts";

const MINUTE_MILLIS = 60_000;

/** Where no plan is made for so long, nothing but the clock can tell that an hour is over. */
const QUIET_MILLIS = 3 * MINUTE_MILLIS;

/** What the clock tells as far as the plans bear it out; milliseconds since the epoch. */
interface PlanTime {
  /** Shards may be raised up to this: their plans are then made no earlier. */
  readonly reach: number;
  /** Hours may be closed that are due by then. */
  readonly closing: number;
}

/** Follows the times of plans: a clock that is ahead of them is heeded only where none is made. */
export interface PlanClock {
  /** @param until a plan's time that all shards are to get past, whatever the clock says */
  read(nowMillis: number, newestMillis: number, until: number | undefined): PlanTime;
  /** To where this run itself has raised shards. */
  raised(newestMillis: number): void;
}

/** The time of the newest plan, or to where its shard was raised. */
export const newestPlan = (shards: readonly ShardState[]): number =>
  Math.max(0, ...shards.map(({ openAt = 0, lastAt }) => Math.max(openAt, lastAt)));

const nextMinute = (millis: number): number => millis - (millis % MINUTE_MILLIS) + MINUTE_MILLIS;

export function planClock(): PlanClock {
  let last: { readonly nowMillis: number; newestMillis: number } | undefined;
  // A process that has just begun cannot know: it heeds the clock.
  let quietMillis = Number.POSITIVE_INFINITY;
  return {
    read(nowMillis, newestMillis, until) {
      if (last !== undefined && newestMillis > last.newestMillis) quietMillis = 0;
      // However far it jumps, it is one look at the shards that found nothing new.
      else if (last !== undefined) quietMillis += Math.min(MINUTE_MILLIS, Math.max(0, nowMillis - last.nowMillis));
      last = { nowMillis, newestMillis };
      const closing =
        quietMillis >= QUIET_MILLIS ? nowMillis : Math.min(nowMillis, newestMillis + QUIET_MILLIS + MINUTE_MILLIS);
      const after = newestMillis + 1;
      if (until !== undefined && until >= nowMillis) return { reach: Math.max(after, nextMinute(until)), closing };
      if (quietMillis < MINUTE_MILLIS) return { reach: after, closing };
      return { reach: Math.max(after, Math.min(nowMillis, nextMinute(newestMillis))), closing };
    },
    raised(newestMillis) {
      if (last !== undefined) last.newestMillis = Math.max(last.newestMillis, newestMillis);
    },
  };
}
