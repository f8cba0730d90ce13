import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../../model/ids.ts";
import { NANOS_PER_HOUR } from "../../model/time.ts";
import { hourOffsets } from "../hour-offsets.ts";
import type { PlanSpans } from "../plan-spans.ts";
import { radixOrder } from "../radix-order.ts";

/** An hour has fewer than 2^42 nanoseconds. */
const HOUR_BITS = 42;
const HOUR = Number(NANOS_PER_HOUR);

/** Rows by start, newest first; equal starts by trace id, span id, and then as they came. */
export function newestFirst(plan: PlanSpans, hour: number, rows: Uint32Array): Uint32Array {
  // Nanoseconds back from the end of the hour, so that ascending is newest first.
  const back = hourOffsets(plan, hour, rows);
  for (let i = 0; i < back.length; i++) back[i] = HOUR - 1 - (back[i] as number);
  const order = radixOrder(back, HOUR_BITS);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && back[order[to] as number] === back[order[from] as number]) to++;
    if (to > from + 1)
      order.subarray(from, to).sort((a, b) => compareIds(plan, rows[a] as number, rows[b] as number) || a - b);
    from = to;
  }
  for (let i = 0; i < order.length; i++) order[i] = rows[order[i] as number] as number;
  return order;
}

function compareIds({ table }: PlanSpans, a: number, b: number): number {
  return (
    compareBytes(table.bytes, table.traceId[a] as number, table.traceId[b] as number, TRACE_ID_BYTES) ||
    compareBytes(table.bytes, table.spanId[a] as number, table.spanId[b] as number, SPAN_ID_BYTES)
  );
}

function compareBytes(bytes: Uint8Array, a: number, b: number, length: number): number {
  for (let i = 0; i < length; i++) {
    const difference = (bytes[a + i] as number) - (bytes[b + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
