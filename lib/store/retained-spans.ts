import { hourOf } from "../model/time.ts";
import { traceOrdinals } from "../otlp/trace-ordinals.ts";
import { HOURS_AHEAD } from "./keys.ts";
import type { PlanSpans } from "./plan-spans.ts";

/**
 * The spans that may be stored: all but those whose hour had expired, or was in the future, when they were received.
 * Ingest refuses them at the door; what comes by another way is seen only here. When the plan was made does not count:
 * plans of a shard whose reader's clock was once ahead all say that it is late, and nothing accepted may be lost by that.
 * The given spans are compacted in place.
 */
export function retainedSpans(
  spans: PlanSpans,
  retentionHours: number,
): { readonly spans: PlanSpans; readonly dropped: number } {
  const receivedHour = hoursReceived(spans);
  const isRetained = (row: number): boolean => {
    const hoursAgo = receivedHour(row) - (spans.hour[row] as number);
    return hoursAgo <= retentionHours && hoursAgo >= -HOURS_AHEAD;
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

/** Rows of one record follow each other, so that hardly any needs to be worked out. */
function hoursReceived({ receivedNanos }: PlanSpans): (row: number) => number {
  let known = 0n;
  let hour = 0;
  return (row) => {
    const nanos = receivedNanos[row] as bigint;
    if (nanos !== known) {
      known = nanos;
      hour = hourOf(nanos);
    }
    return hour;
  };
}
