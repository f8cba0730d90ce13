import { SPAN_ID_BYTES } from "../../model/ids.ts";
import { hashBytes } from "../../otlp/hash.ts";
import { equalBytes } from "../../otlp/trace-ordinals.ts";
import type { PlanSpans } from "../plan-spans.ts";

/** Finds a plan's spans by trace and span id. */
export interface SpanIndex {
  /** The first row of that trace with the span id that stands at an offset of the arena; -1 when there is none. */
  first(trace: number, spanIdAt: number): number;
  /** The next row with the same ids; -1 after the last. */
  readonly next: Int32Array;
}

export function spanIndex({ table, traces }: PlanSpans): SpanIndex {
  const { bytes, count } = table;
  let size = 64;
  while (size < count * 2) size *= 2;
  const mask = size - 1;
  const slots = new Int32Array(size); // row + 1
  const next = new Int32Array(count).fill(-1);
  const slotOf = (trace: number, at: number): number => {
    let slot = hashBytes(trace, bytes, at, at + SPAN_ID_BYTES) & mask;
    for (;;) {
      const row = (slots[slot] as number) - 1;
      if (row < 0) return slot;
      if (traces.ordinal[row] === trace && equalBytes(bytes, at, table.spanId[row] as number, SPAN_ID_BYTES))
        return slot;
      slot = (slot + 1) & mask;
    }
  };
  // Backwards, so that a chain runs in the order of the rows.
  for (let row = count - 1; row >= 0; row--) {
    const slot = slotOf(traces.ordinal[row] as number, table.spanId[row] as number);
    next[row] = (slots[slot] as number) - 1;
    slots[slot] = row + 1;
  }
  return { first: (trace, spanIdAt) => (slots[slotOf(trace, spanIdAt)] as number) - 1, next };
}
