import { hourOf } from "../model/time.ts";
import { scanTraces } from "../otlp/scan.ts";
import { type SourceOrdinals, sourceOrdinals } from "../otlp/sources.ts";
import { SpanTable } from "../otlp/span-table.ts";
import { equalBytes, type TraceOrdinals, traceOrdinals } from "../otlp/trace-ordinals.ts";
import { uint32At } from "../otlp/wire.ts";
import type { Batch } from "./port.ts";

/** All spans that one plan brings of one tenant, in one arena, as the sanitized view has them (jaeger-wire 3.4). */
export interface PlanSpans {
  readonly tenant: string;
  readonly table: SpanTable;
  readonly traces: TraceOrdinals;
  /** Ordinal per entry of `table.sources`; rows of equal sources may have different entries. */
  readonly sources: SourceOrdinals;
  /** Per row: when ingest received it; Unix epoch nanoseconds. */
  readonly receivedNanos: BigUint64Array;
  /** Per row: the start, or the received time where it is 0. */
  readonly startNanos: BigUint64Array;
  /** Per row: at least 1. */
  readonly durationNanos: BigUint64Array;
  /** Per row: the hour of the start. */
  readonly hour: Uint32Array;
}

/** Spans of the batches by tenant, in the order of arrival; a span that is sent twice, to the last byte, is taken once. */
export function gatherSpans(batches: readonly Batch[]): PlanSpans[] {
  const byTenant = Map.groupBy(batches, (batch) => batch.tenant);
  return [...byTenant].map(([tenant, own]) => gather(tenant, own));
}

function gather(tenant: string, batches: readonly Batch[]): PlanSpans {
  const arena = new Uint8Array(batches.reduce((sum, batch) => sum + batch.traces.length, 0));
  const table = new SpanTable(arena);
  const batchEnds: number[] = [];
  let at = 0;
  for (const { traces } of batches) {
    arena.set(traces, at);
    scanTraces(arena, at, at + traces.length, table);
    at += traces.length;
    batchEnds.push(table.count);
  }
  const receivedNanos = new BigUint64Array(table.count);
  batches.forEach((batch, i) => {
    receivedNanos.fill(batch.receivedNanos, batchEnds[i - 1] ?? 0, batchEnds[i]);
  });
  const sources = sourceOrdinals(table);
  const kept = dropResent(table, sources.ordinal);
  const count = kept.length;
  for (let row = 0; row < count; row++) receivedNanos[row] = receivedNanos[kept[row] as number] as bigint;
  const startNanos = new BigUint64Array(count);
  const durationNanos = new BigUint64Array(count);
  const hour = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    const stated = table.startNanos(row);
    const start = stated === 0n ? (receivedNanos[row] as bigint) : stated;
    const end = table.endNanos(row);
    startNanos[row] = start;
    durationNanos[row] = end > start ? end - start : 1n;
    hour[row] = hourOf(start);
  }
  return {
    tenant,
    table,
    traces: traceOrdinals(table),
    sources,
    receivedNanos: receivedNanos.subarray(0, count),
    startNanos,
    durationNanos,
    hour,
  };
}

/** Compacts the table to the first of each set of identical spans; returns the rows that stayed, by their old numbers. */
function dropResent(table: SpanTable, sources: Uint32Array): Uint32Array {
  const { bytes, count } = table;
  let size = 64;
  while (size < count * 2) size *= 2;
  const mask = size - 1;
  const slots = new Uint32Array(size); // row + 1
  const kept = new Uint32Array(count);
  let rows = 0;
  for (let row = 0; row < count; row++) {
    const id = table.spanId[row] as number;
    let slot = Math.imul(uint32At(bytes, id) ^ uint32At(bytes, id + 4), 0x9e3779b1) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    let isResent = false;
    for (let found = slots[slot] as number; found !== 0; found = slots[slot] as number) {
      if (isSameSpan(table, sources, row, found - 1)) {
        isResent = true;
        break;
      }
      slot = (slot + 1) & mask;
    }
    if (isResent) continue;
    if (rows !== row) table.move(row, rows);
    kept[rows++] = row;
    slots[slot] = rows;
  }
  table.count = rows;
  return kept.subarray(0, rows);
}

function isSameSpan(table: SpanTable, sources: Uint32Array, a: number, b: number): boolean {
  const { bytes } = table;
  const length = (table.end[a] as number) - (table.start[a] as number);
  if (length !== (table.end[b] as number) - (table.start[b] as number)) return false;
  if (sources[table.source[a] as number] !== sources[table.source[b] as number]) return false;
  return equalBytes(bytes, table.start[a] as number, table.start[b] as number, length);
}
