import { MILLIS_PER_HOUR } from "../../model/time.ts";
import { hourTtl, minuteOf } from "../../store/keys.ts";
import type { RollupHour } from "../../store/rollup-states.ts";
import type { Hours, HourWork } from "./hours.ts";
import type { Progress } from "./progress.ts";
import type { ShardState, Shards } from "./shards.ts";
import type { TenantHour } from "./work-list.ts";

/** From an hour's end until it is closed: what comes later stands among the late heads, which are merged apart. */
const CLOSE_AFTER_MILLIS = 10 * 60_000;

/** The newest hour that is to be closed by now. */
const dueHour = (nowMillis: number): number => Math.floor((nowMillis - CLOSE_AFTER_MILLIS) / MILLIS_PER_HOUR) - 1;

/** When an hour is to be closed, milliseconds since the epoch. */
const dueMillis = (hour: number): number => (hour + 1) * MILLIS_PER_HOUR + CLOSE_AFTER_MILLIS;

export interface Closing {
  readonly hours: Hours;
  readonly progress: Progress;
  readonly shards: Shards;
  readonly nowMillis: number;
  /** Minutes (since the epoch) of the work list before this one have been taken up. */
  readonly takenUp: number;
  /** Hours that have expired are left alone: what they hold may be gone already. */
  readonly retentionHours: number;
  /** As they were read last. */
  readonly known: readonly ShardState[];
  /** Begins to merge an hour of which all heads are there but late ones. */
  readonly begin: (one: HourWork) => Promise<unknown>;
}

export interface Closed {
  /** As they are now. */
  readonly known: readonly ShardState[];
  /** Whether hours are on the way to being closed. */
  readonly isWaiting: boolean;
  /** When the next hour is to be closed, milliseconds since the epoch. */
  readonly dueMillis: number;
}

/**
 * Closes hours by a fence. Every shard is told, new ones by what is raised first; what was planned before it was told
 * is finished once the mark has passed `until`, and what is planned after gives these hours late heads. So all heads of the
 * hour are there, whatever any clock says, and its merges may begin.
 */
export async function closeHours(closing: Closing): Promise<Closed> {
  const { hours, progress, begin, nowMillis, retentionHours, takenUp } = closing;
  const open = (await hours.from(progress.state.rolled + 1)).filter(
    ({ hour, isClosed }) => !isClosed && hourTtl(hour, retentionHours) * 1000 > nowMillis,
  );
  const known = await fence(closing, open);
  const { closed, until, rolled } = progress.state;
  const isFenced = until !== undefined && takenUp > minuteOf(until);
  const ready = open.filter(({ hour }) => hour <= closed).sort((a, b) => a.hour - b.hour);
  if (isFenced) {
    for (const { tenant, hour, late } of ready) await begin({ tenant, hour, late });
    const done = ready[0] === undefined ? closed : ready[0].hour - 1;
    if (done > rolled) await progress.advance({ rolled: done });
  }
  const next = Math.min(...open.filter(({ hour }) => hour > closed).map(({ hour }) => dueMillis(hour)));
  return { known, isWaiting: progress.state.rolled < closed, dueMillis: Math.max(next, nowMillis) };
}

/** Raises the fence where an hour is to be closed, or where a run before this one ended on the way. */
async function fence(
  { progress, shards, known, nowMillis }: Closing,
  open: readonly (TenantHour & RollupHour)[],
): Promise<readonly ShardState[]> {
  const due = dueHour(nowMillis);
  // None that nothing is known of: should the clock be ahead, what comes is not late once it is right again.
  const last = Math.max(...open.map(({ hour }) => hour).filter((hour) => hour <= due));
  if (last > progress.state.closed) await progress.advance({ closed: last, until: undefined });
  const { closed, until, rolled } = progress.state;
  if (until !== undefined || closed <= rolled) return known;
  const told = await shards.raise(await shards.read(), { closed, lastAt: 0 });
  await progress.advance({ until: Math.max(0, ...told.map(({ lastAt }) => lastAt)) });
  return told;
}
