import { hourOf, MILLIS_PER_HOUR, millisToNanos } from "../model/time.ts";
import { traceOrdinals } from "../otlp/trace-ordinals.ts";
import { hourTtl } from "./keys.ts";
import type { PlanSpans } from "./plan-spans.ts";

/** Clocks of senders may be ahead by this much. */
const MAX_AHEAD_MILLIS = MILLIS_PER_HOUR;

/**
 * The spans that may be stored: all but those whose hour has expired and those from the future. Ingest refuses them at
 * the door; what comes by another way, or waited too long, is seen only here.
 * The given spans are compacted in place.
 * @param at when the plan was made, milliseconds since the epoch
 */
export function retainedSpans(
  spans: PlanSpans,
  at: number,
  retentionHours: number,
): { readonly spans: PlanSpans; readonly dropped: number } {
  const latest = millisToNanos(at + MAX_AHEAD_MILLIS);
  const latestHour = hourOf(latest);
  const isRetained = (row: number): boolean => {
    const hour = spans.hour[row] as number;
    if (hourTtl(hour, retentionHours) * 1000 <= at) return false;
    return hour < latestHour || (spans.startNanos[row] as bigint) <= latest;
  };
  const { table } = spans;
  const { count } = table;
  let rows = 0;
  while (rows < count && isRetained(rows)) rows++;
  if (rows === count) return { spans, dropped: 0 };
  const { receivedNanos, startNanos, durationNanos, hour } = spans;
  for (let row = rows + 1; row < count; row++) {
    if (!isRetained(row)) continue;
    table.move(row, rows);
    receivedNanos[rows] = receivedNanos[row] as bigint;
    startNanos[rows] = startNanos[row] as bigint;
    durationNanos[rows] = durationNanos[row] as bigint;
    hour[rows] = hour[row] as number;
    rows++;
  }
  table.count = rows;
  return {
    spans: {
      ...spans,
      traces: traceOrdinals(table),
      receivedNanos: receivedNanos.subarray(0, rows),
      startNanos: startNanos.subarray(0, rows),
      durationNanos: durationNanos.subarray(0, rows),
      hour: hour.subarray(0, rows),
    },
    dropped: count - rows,
  };
}
