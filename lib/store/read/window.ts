import { hourOf } from "../../model/time.ts";
import { dayOf, HOURS_AHEAD } from "../keys.ts";

/** Hours since the epoch, both inclusive; empty when `first` is above `last`. */
export interface Hours {
  readonly first: number;
  readonly last: number;
}

/** How far from a span that matches the rest of its trace is looked for. */
export const MAX_TRACE_HOURS = 24;

/** The hours that have not expired. The table deletes late, so hours are dropped by the clock. */
export function keptHours(nowMillis: number, retentionHours: number): Hours {
  const now = hourOf(BigInt(Math.trunc(nowMillis)) * 1_000_000n);
  return { first: Math.max(0, now - retentionHours), last: now + HOURS_AHEAD };
}

export function hoursBetween(fromNanos: bigint, toNanos: bigint): Hours {
  if (fromNanos > toNanos) return { first: 0, last: -1 };
  return { first: hourOf(fromNanos), last: hourOf(toNanos) };
}

/** Where the traces of spans within `hours` may have other spans. */
export const around = (hours: Hours): Hours => ({
  first: hours.first - MAX_TRACE_HOURS,
  last: hours.last + MAX_TRACE_HOURS,
});

/** Nothing around nothing is nothing. */
export const isEmpty = (hours: Hours): boolean => hours.first > hours.last;

export const overlap = (a: Hours, b: Hours): Hours => ({
  first: Math.max(a.first, b.first),
  last: Math.min(a.last, b.last),
});

/** Newest first. */
export const eachHour = ({ first, last }: Hours): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => last - i);

/** Days since the epoch that the hours lie in, newest first. */
export const eachDay = (hours: Hours): number[] =>
  isEmpty(hours) ? [] : eachHour({ first: dayOf(hours.first), last: dayOf(hours.last) });

/** Where a caller says that a trace lies, and what a trace may reach beyond that. */
export function hintedHours(startNanos: bigint | undefined, endNanos: bigint | undefined): Hours | undefined {
  const from = startNanos ?? endNanos;
  const to = endNanos ?? startNanos;
  if (from === undefined || to === undefined || from > to) return undefined;
  return around({ first: hourOf(from), last: hourOf(to) });
}
