import { TRACE_ID_BYTES } from "../model/ids.ts";
import { hashBytes } from "./hash.ts";
import type { SpanTable } from "./span-table.ts";

/** Which rows are of the same trace: traces are numbered in the order in which they are first met. */
export interface TraceOrdinals {
  readonly count: number;
  /** Per row. */
  readonly ordinal: Uint32Array;
  /** Per trace: a row of it, the first. */
  readonly firstRow: Uint32Array;
}

const SEED = 0x7ace_0001;

/** Open addressing over the id bytes where they lie: 30 ns a span, where a Map of hex strings takes 250. */
export function traceOrdinals(table: SpanTable): TraceOrdinals {
  const { bytes, count } = table;
  let size = 64;
  while (size < count * 2) size *= 2;
  const mask = size - 1;
  const slots = new Uint32Array(size); // ordinal + 1
  const ordinal = new Uint32Array(count);
  const firstRow = new Uint32Array(count);
  let traces = 0;
  for (let row = 0; row < count; row++) {
    const id = table.traceId[row] as number;
    let slot = hashBytes(SEED, bytes, id, id + TRACE_ID_BYTES) & mask;
    for (;;) {
      const found = slots[slot] as number;
      if (found === 0) {
        firstRow[traces] = row;
        ordinal[row] = traces++;
        slots[slot] = traces;
        break;
      }
      if (equalBytes(bytes, id, table.traceId[firstRow[found - 1] as number] as number, TRACE_ID_BYTES)) {
        ordinal[row] = found - 1;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return { count: traces, ordinal, firstRow: firstRow.subarray(0, traces) };
}

export function equalBytes(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
