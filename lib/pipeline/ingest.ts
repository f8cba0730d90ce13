import { TracingError } from "../model/errors.ts";
import { type Clock, millisToNanos } from "../model/time.ts";
import { type Cuts, limitAttributes, TRUNCATED_KEY } from "../otlp/limit-attributes.ts";
import { measured } from "../otlp/regroup.ts";
import { MAX_REQUEST_SPANS } from "../otlp/request-spans.ts";
import { type Rejected, scanTraces } from "../otlp/scan.ts";
import { SpanTable } from "../otlp/span-table.ts";
import { traceOrdinals } from "../otlp/trace-ordinals.ts";
import { MAX_ATTRIBUTES, MAX_VALUE_BYTES, PUT_BUDGET_MILLIS } from "../runtime/limits.ts";
import type { Rate, TakeRate } from "../runtime/rates.ts";
import type { Sleep } from "../runtime/retry.ts";
import { placeOf } from "../stream/places.ts";
import type { Entry, StreamWriter } from "../stream/port.ts";
import { putRecords } from "../stream/put.ts";
import { encodeRecord } from "../stream/record.ts";
import { shardMaps } from "../stream/shard-maps.ts";
import { acceptableRows } from "./acceptable-rows.ts";
import { recordGroups } from "./record-groups.ts";
import { tellRefusals } from "./tell-refusals.ts";

export interface IngestParts {
  readonly stream: StreamWriter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  /** How long spans are kept; older ones are refused. */
  readonly retentionHours: number;
  /** Asked before anything of a request is put; without it no tenant is held back. */
  readonly takeRate?: TakeRate;
  /** A tenant's own limits on what a request and its messages hold, where it has any. */
  readonly limitsOf?: (tenant: string) => Pick<Rate, "maxRequestBytes" | "maxAttributes" | "maxValueBytes"> | undefined;
}

/** What became of a request whose bytes were sound. Spans that were not rejected are in the stream. */
export interface IngestOutcome {
  readonly acceptedSpans: number;
  readonly rejectedSpans: number;
  /** Spans that hold less than was sent; absent when all are whole. */
  readonly truncatedSpans?: number;
  /** Why spans were rejected, and what was cut off from others; empty when all are kept whole. */
  readonly message: string;
}

/**
 * Takes TracesData bytes of one tenant into the stream; resolves once every span that it does not reject is there.
 * Throws invalid_argument when the bytes are not such a message, too_large when it has too many spans, unavailable or
 * throttled when the stream does not take it, throttled when its tenant has sent too much.
 */
export type Ingest = (tenant: string, traces: Uint8Array) => Promise<IngestOutcome>;

export function ingest(parts: IngestParts): Ingest {
  const { stream, clock, random, sleep, retentionHours, takeRate, limitsOf } = parts;
  const shards = shardMaps(stream, clock);
  return async (tenant, traces) => {
    const receivedMillis = clock();
    const receivedNanos = millisToNanos(receivedMillis);
    const {
      maxRequestBytes = Number.POSITIVE_INFINITY,
      maxAttributes = MAX_ATTRIBUTES,
      maxValueBytes = MAX_VALUE_BYTES,
    } = limitsOf?.(tenant) ?? {};
    if (traces.length > maxRequestBytes)
      throw new TracingError(
        "too_large",
        `the request has ${traces.length} bytes of OTLP: tenant ${tenant} may send ${maxRequestBytes} at once; send smaller batches`,
      );
    const { table, rejected } = scanTraces(traces, 0, traces.length, new SpanTable(traces, MAX_REQUEST_SPANS));
    takeRate?.(tenant, table.count, traces.length);
    const cuts = limitAttributes(table, { maxAttributes, maxValueBytes });
    const ordinals = traceOrdinals(table);
    const refusals = [...rejected];
    const rows = acceptableRows(table, ordinals, receivedNanos, retentionHours, refusals);
    if (rows.length > 0) {
      const map = await shards.current();
      const entries: Entry[] = [];
      for (const group of recordGroups(table, ordinals, rows, map))
        encodeGroup(table, group, { tenant, receivedNanos }, entries, refusals);
      const outcome = await putRecords(stream, entries, {
        ...{ map, clock, random, sleep },
        deadlineMillis: receivedMillis + PUT_BUDGET_MILLIS,
        allowSpill: true,
      });
      if (outcome.isMapStale) shards.expire();
    }
    return {
      acceptedSpans: table.count + rejected.length - refusals.length,
      rejectedSpans: refusals.length,
      message: [tellRefusals(refusals), cuts === undefined ? "" : tellCuts(cuts)]
        .filter((told) => told !== "")
        .join("; "),
      ...(cuts !== undefined && { truncatedSpans: cuts.spans }),
    };
  };
}

const tellCuts = ({ spans, sources, droppedAttributes, truncatedValues }: Cuts): string =>
  `${spans} spans and ${sources} resources or scopes were cut: ${droppedAttributes} attributes left out, ${truncatedValues} values shortened; ${TRUNCATED_KEY} names them`;

/** A group as one record, or as several where it is too large for one; a span that no record can hold is refused by name. */
function encodeGroup(
  table: SpanTable,
  rows: Uint32Array,
  batch: { readonly tenant: string; readonly receivedNanos: bigint },
  entries: Entry[],
  refusals: Rejected[],
): void {
  const first = rows[0] as number;
  try {
    const data = encodeRecord({ ...batch, traces: measured(table, rows) });
    entries.push({ place: placeOf(table.bytes, table.traceId[first] as number), data });
  } catch (error) {
    if (!(error instanceof TracingError) || error.code !== "too_large") throw error;
    if (rows.length === 1) {
      refusals.push({ offset: table.start[first] as number, reason: `${nameOf(table, first)}: ${error.message}` });
      return;
    }
    const middle = rows.length >>> 1;
    encodeGroup(table, rows.subarray(0, middle), batch, entries, refusals);
    encodeGroup(table, rows.subarray(middle), batch, entries, refusals);
  }
}

function nameOf(table: SpanTable, row: number): string {
  const hex = (at: number, length: number) => Buffer.from(table.bytes.subarray(at, at + length)).toString("hex");
  const name = Buffer.from(table.bytes.subarray(table.nameStart[row], table.nameEnd[row]))
    .toString("utf8")
    .slice(0, 100);
  const ids = `span ${hex(table.spanId[row] as number, 8)} of trace ${hex(table.traceId[row] as number, 16)}`;
  return `${ids} (${JSON.stringify(name)})`;
}
