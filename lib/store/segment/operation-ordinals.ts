import { isUtf8 } from "node:buffer";
import { EMPTY_SPAN_NAME, INVALID_SPAN_NAME } from "../../model/span.ts";
import { hashBytes } from "../../otlp/hash.ts";
import type { SpanTable } from "../../otlp/span-table.ts";
import { equalBytes } from "../../otlp/trace-ordinals.ts";
import { SEEDS } from "./term-hash.ts";

/** Distinct (service, span name), numbered as they are first met. */
export interface OperationOrdinals {
  /** Per row. */
  readonly number: Uint32Array;
  /** Per operation: the service's number, and the sanitized name. */
  readonly service: readonly number[];
  readonly name: readonly string[];
}

/** Names are compared where they lie, and decoded once each. */
export function operationOrdinals(
  table: SpanTable,
  tableRow: Uint32Array,
  source: Uint32Array,
  serviceOfSource: Uint32Array,
): OperationOrdinals {
  const { bytes } = table;
  let mask = 255;
  let slots = new Uint32Array(mask + 1); // operation + 1
  const hashes: number[] = [];
  const firstRow: number[] = [];
  const service: number[] = [];
  const number = new Uint32Array(tableRow.length);
  for (let i = 0; i < tableRow.length; i++) {
    const row = tableRow[i] as number;
    const start = table.nameStart[row] as number;
    const end = table.nameEnd[row] as number;
    const own = serviceOfSource[source[i] as number] as number;
    const hash = hashBytes(own ^ SEEDS.operationName, bytes, start, end);
    let slot = hash & mask;
    let found = slots[slot] as number;
    while (found !== 0 && !(service[found - 1] === own && isSameName(table, firstRow[found - 1] as number, row))) {
      slot = (slot + 1) & mask;
      found = slots[slot] as number;
    }
    if (found === 0) {
      found = firstRow.push(row);
      service.push(own);
      hashes.push(hash);
      slots[slot] = found;
      if (found * 2 > mask) {
        mask = mask * 2 + 1;
        slots = placed(hashes, mask);
      }
    }
    number[i] = found - 1;
  }
  return { number, service, name: firstRow.map((row) => sanitizedName(table, row)) };
}

function placed(hashes: readonly number[], mask: number): Uint32Array<ArrayBuffer> {
  const slots = new Uint32Array(mask + 1);
  hashes.forEach((hash, i) => {
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = i + 1;
  });
  return slots;
}

function isSameName(table: SpanTable, a: number, b: number): boolean {
  const length = (table.nameEnd[a] as number) - (table.nameStart[a] as number);
  if (length !== (table.nameEnd[b] as number) - (table.nameStart[b] as number)) return false;
  return equalBytes(table.bytes, table.nameStart[a] as number, table.nameStart[b] as number, length);
}

/** As the sanitizers name it (jaeger-wire 3.4). */
function sanitizedName(table: SpanTable, row: number): string {
  const start = table.nameStart[row] as number;
  const end = table.nameEnd[row] as number;
  if (start === end) return EMPTY_SPAN_NAME;
  const name = table.bytes.subarray(start, end);
  return isUtf8(name) ? Buffer.from(name.buffer, name.byteOffset, name.length).toString() : INVALID_SPAN_NAME;
}
