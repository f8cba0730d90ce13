import { invalid } from "../model/errors.ts";
import { millisToNanos } from "../model/time.ts";
import { regroup } from "../otlp/regroup.ts";
import { type Rejected, scanTraces } from "../otlp/scan.ts";
import { sharedFields } from "../otlp/sources.ts";
import { type Range, SpanTable } from "../otlp/span-table.ts";
import { traceOrdinals } from "../otlp/trace-ordinals.ts";
import { decodeForeign } from "../stream/foreign-record.ts";
import { MAX_RAW_BYTES } from "../stream/record.ts";
import { acceptableRows } from "./acceptable-rows.ts";
import type { ReadRecord } from "./index-records.ts";
import { tellRefusals } from "./tell-refusals.ts";

export interface ForeignOptions {
  /** Whose spans these are: nothing in the records says so. */
  readonly tenant: string;
  /** How long spans are kept; older ones are left out. */
  readonly retentionHours: number;
}

/** Spans that may be left out by name; a record with more is not worth its memory. */
const MAX_REFUSED = 100_000;

/**
 * Reads records that no ingest of ours has seen, and judges each as ingest judges a request: malformed ones throw
 * invalid_argument whole, spans that ingest would have rejected are left out and told.
 */
export function readForeign({ tenant, retentionHours }: ForeignOptions): ReadRecord {
  return ({ data, arrivedMillis }) => {
    const receivedNanos = millisToNanos(arrivedMillis);
    const { table, refusals } = scanAll(decodeForeign(data));
    const acceptable = acceptableRows(table, traceOrdinals(table), receivedNanos, retentionHours, refusals);
    const rows = storableRows(table, acceptable, refusals);
    const batch = { tenant, receivedNanos, traces: refusals.length === 0 ? table.bytes : regroup(table, rows) };
    return { batch, refused: { spans: refusals.length, message: tellRefusals(refusals) } };
  };
}

/** Several messages one after the other are a message too, but each has to be sound by itself. */
function scanAll(messages: readonly Uint8Array[]): { readonly table: SpanTable; readonly refusals: Rejected[] } {
  const [only] = messages;
  const bytes = messages.length === 1 && only !== undefined ? only : Buffer.concat(messages);
  const table = new SpanTable(bytes);
  const refusals: Rejected[] = [];
  let at = 0;
  for (const { length } of messages) {
    for (const rejected of scanTraces(bytes, at, at + length, table).rejected) refusals.push(rejected);
    if (refusals.length > MAX_REFUSED) throw invalid(`record: more than ${MAX_REFUSED} of its spans have faults`);
    at += length;
  }
  return { table, refusals };
}

/** Those that a record of ours could hold, with what they share with others. */
function storableRows(table: SpanTable, rows: Uint32Array, refusals: Rejected[]): Uint32Array {
  if (table.bytes.length <= MAX_RAW_BYTES) return rows;
  const shared = (message: Range): number =>
    sharedFields(table.bytes, message).reduce((sum, { start, end }) => sum + end - start, 0);
  const ofSource = table.sources.map(({ resource, scope }) => shared(resource) + shared(scope));
  return rows.filter((row) => {
    const start = table.start[row] as number;
    const bytes = (table.end[row] as number) - start + (ofSource[table.source[row] as number] as number);
    if (bytes <= MAX_RAW_BYTES) return true;
    const reason = `a span and its resource are larger than ${MAX_RAW_BYTES} bytes`;
    refusals.push({ offset: start, reason, value: `${bytes}` });
    return false;
  });
}
