import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../model/ids.ts";
import { hourOf, NANOS_PER_HOUR } from "../model/time.ts";
import { hashBytes } from "../otlp/hash.ts";
import { scanTraces } from "../otlp/scan.ts";
import { type SourceOrdinals, sourceOrdinals } from "../otlp/sources.ts";
import { SpanTable } from "../otlp/span-table.ts";
import { equalBytes, type TraceOrdinals, traceOrdinals } from "../otlp/trace-ordinals.ts";
import type { Batch } from "./port.ts";
import { halvesOf, hourClock } from "./time-halves.ts";

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

/**
 * Spans of the batches by tenant, in the order of arrival; a span that is sent twice, to the last byte, is taken once.
 *
 * @param room where their bytes are gathered; one that is given for several plans makes each valid only until the next
 */
export function gatherSpans(batches: readonly Batch[], room: ArenaRoom = arenaRoom()): PlanSpans[] {
  const byTenant = Map.groupBy(batches, (batch) => batch.tenant);
  const arena = room(bytesOf(batches));
  let at = 0;
  return [...byTenant].map(([tenant, own]) => {
    const start = at;
    at += bytesOf(own);
    return gather(tenant, own, arena.subarray(start, at));
  });
}

/** So many bytes, whatever they hold. */
export type ArenaRoom = (bytes: number) => Uint8Array;

/** The same bytes each time, unless more are asked for than ever before: fresh ones for each plan must be zeroed, and collected. */
export function arenaRoom(): ArenaRoom {
  let room = new Uint8Array(0);
  return (bytes) => {
    if (bytes > room.length) room = Buffer.allocUnsafeSlow(bytes);
    return room.subarray(0, bytes);
  };
}

const bytesOf = (batches: readonly Batch[]): number => batches.reduce((sum, batch) => sum + batch.traces.length, 0);

/** @param arena as many bytes as the batches have */
function gather(tenant: string, batches: readonly Batch[], arena: Uint8Array): PlanSpans {
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
  for (let row = count === receivedNanos.length ? count : 0; row < count; row++)
    receivedNanos[row] = receivedNanos[kept[row] as number] as bigint;
  return {
    tenant,
    table,
    traces: traceOrdinals(table),
    sources,
    receivedNanos: receivedNanos.subarray(0, count),
    ...times(table, receivedNanos),
  };
}

/** As the sanitizers have them (jaeger-wire 3.4), by halves: bigints take ten times as long. */
function times(
  table: SpanTable,
  receivedNanos: BigUint64Array,
): Pick<PlanSpans, "startNanos" | "durationNanos" | "hour"> {
  const { count, startLow, startHigh, endLow, endHigh } = table;
  const startNanos = new BigUint64Array(count);
  const durationNanos = new BigUint64Array(count);
  const hour = new Uint32Array(count);
  const received = halvesOf(receivedNanos);
  const starts = halvesOf(startNanos);
  const durations = halvesOf(durationNanos);
  let hourNow = 0;
  let since = hourClock(hourNow);
  for (let row = 0; row < count; row++) {
    const isStated = startLow[row] !== 0 || startHigh[row] !== 0;
    const low = (isStated ? startLow[row] : received[row * 2]) as number;
    const high = (isStated ? startHigh[row] : received[row * 2 + 1]) as number;
    starts[row * 2] = low;
    starts[row * 2 + 1] = high;
    const lowLength = (endLow[row] as number) - low;
    const highLength = (endHigh[row] as number) - high - (lowLength < 0 ? 1 : 0);
    const isForward = highLength > 0 || (highLength === 0 && lowLength !== 0);
    durations[row * 2] = isForward ? lowLength : 1;
    durations[row * 2 + 1] = isForward ? highLength : 0;
    const offset = since(low, high);
    if (offset < 0 || offset >= HOUR) {
      hourNow = hourOf(startNanos[row] as bigint);
      since = hourClock(hourNow);
    }
    hour[row] = hourNow;
  }
  return { startNanos, durationNanos, hour };
}

const HOUR = Number(NANOS_PER_HOUR);

/**
 * Compacts the table to the first of each set of identical spans; returns the rows that stayed, by their old numbers.
 * Only spans that share both ids are compared, and those by a set of what they say: any number of them takes linear time.
 */
function dropResent(table: SpanTable, sources: Uint32Array): Uint32Array {
  let size = 64;
  while (size < table.count * 2) size *= 2;
  const slots = new Uint32Array(size); // row + 1: the first of those ids
  const contents = new Map<number, Set<string>>();
  const kept = new Uint32Array(table.count);
  let rows = 0;
  for (let row = 0; row < table.count; row++) {
    const slot = slotOf(table, slots, row);
    const first = (slots[slot] as number) - 1;
    if (first < 0) slots[slot] = rows + 1;
    else {
      const said = contents.get(first) ?? new Set([contentOf(table, sources, first)]);
      contents.set(first, said);
      const before = said.size;
      if (said.add(contentOf(table, sources, row)).size === before) continue;
    }
    if (rows !== row) table.move(row, rows);
    kept[rows++] = row;
  }
  table.count = rows;
  return kept.subarray(0, rows);
}

const SEED = 0x5e5e_0001;

/** Where the row's ids stand, or would. */
function slotOf({ bytes, traceId, spanId }: SpanTable, slots: Uint32Array, row: number): number {
  const mask = slots.length - 1;
  const trace = traceId[row] as number;
  const span = spanId[row] as number;
  const ofTrace = hashBytes(SEED, bytes, trace, trace + TRACE_ID_BYTES);
  let slot = hashBytes(ofTrace, bytes, span, span + SPAN_ID_BYTES) & mask;
  for (let found = slots[slot] as number; found !== 0; found = slots[slot] as number) {
    const isSame =
      equalBytes(bytes, span, spanId[found - 1] as number, SPAN_ID_BYTES) &&
      equalBytes(bytes, trace, traceId[found - 1] as number, TRACE_ID_BYTES);
    if (isSame) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

const contentOf = (table: SpanTable, sources: Uint32Array, row: number): string =>
  `${sources[table.source[row] as number]}/${Buffer.from(table.bytes.subarray(table.start[row], table.end[row])).toString("latin1")}`;
