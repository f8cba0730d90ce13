import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../../model/ids.ts";
import { NANOS_PER_HOUR } from "../../model/time.ts";
import { hourOffsets } from "../hour-offsets.ts";
import type { PlanSpans } from "../plan-spans.ts";

/** An hour has fewer than 2^42 nanoseconds: two halves of two digits of 11 bits. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
const HOUR = Number(NANOS_PER_HOUR);

/** Rows by start, newest first; equal starts by trace id, span id, and then as they came. */
export function newestFirst(plan: PlanSpans, hour: number, rows: Uint32Array): Uint32Array {
  // Nanoseconds back from the end of the hour, so that ascending is newest first.
  const back = hourOffsets(plan, hour, rows);
  for (let i = 0; i < back.length; i++) back[i] = HOUR - 1 - (back[i] as number);
  const order = radixOrder(back);
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

/** Indexes by ascending value, stable: 60,000 take 1 ms where a sort with a comparator takes 20. */
function radixOrder(values: Float64Array): Uint32Array {
  const lows = new Uint32Array(values.length);
  const highs = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const high = Math.floor(value / (DIGITS * DIGITS));
    highs[i] = high;
    lows[i] = value - high * (DIGITS * DIGITS);
  }
  let order = new Uint32Array(values.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  let other = new Uint32Array(values.length);
  for (const half of [lows, highs])
    for (const shift of [0, DIGIT_BITS]) {
      byDigit(half, shift, order, other);
      [order, other] = [other, order];
    }
  return order;
}

function byDigit(values: Uint32Array, shift: number, order: Uint32Array, into: Uint32Array): void {
  const ends = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < values.length; i++) {
    const digit = ((values[i] as number) >>> shift) & (DIGITS - 1);
    ends[digit + 1] = (ends[digit + 1] as number) + 1;
  }
  for (let digit = 1; digit <= DIGITS; digit++) ends[digit] = (ends[digit] as number) + (ends[digit - 1] as number);
  for (let i = 0; i < order.length; i++) {
    const index = order[i] as number;
    const digit = ((values[index] as number) >>> shift) & (DIGITS - 1);
    const at = ends[digit] as number;
    into[at] = index;
    ends[digit] = at + 1;
  }
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
