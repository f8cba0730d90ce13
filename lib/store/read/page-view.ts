import { TRACE_ID_BYTES, type TraceId, traceId } from "../../model/ids.ts";
import type { Span } from "../../model/span.ts";
import { decodeSpan } from "../../otlp/decode.ts";
import { SourceDecoder } from "../../otlp/decode-source.ts";
import { scanTraces } from "../../otlp/scan.ts";
import { type SourceOrdinals, sourceOrdinals } from "../../otlp/sources.ts";
import type { SpanTable } from "../../otlp/span-table.ts";
import { bufferOver } from "../../otlp/text.ts";
import { type TraceOrdinals, traceOrdinals } from "../../otlp/trace-ordinals.ts";
import { uint32At } from "../../otlp/wire.ts";
import { readPage } from "../segment/read-page.ts";
import { continuations, type PartOf, type PartSource } from "./parts.ts";

/** A page's spans by row, none of them decoded before it is asked for. */
export class PageView {
  readonly table: SpanTable;
  private readonly received: ReadonlyMap<number, bigint>;
  private readonly sources: SourceDecoder;
  private ordinals: SourceOrdinals | undefined;
  private traces: TraceOrdinals | undefined;
  /** Per trace of the page, once it was asked for. */
  private readonly ids: TraceId[] = [];
  private starts: ReadonlyMap<bigint, readonly number[]> | undefined;

  constructor(traces: Uint8Array, received: ReadonlyMap<number, bigint>) {
    this.table = scanTraces(traces).table;
    this.received = received;
    this.sources = new SourceDecoder(this.table);
  }

  /** Sanitized, Unix epoch nanoseconds. */
  startNanos(row: number): bigint {
    return this.received.get(row) ?? this.table.startNanos(row);
  }

  /** A text is made once for each trace, not for each of its spans. */
  traceId(row: number): TraceId {
    this.traces ??= traceOrdinals(this.table);
    const trace = this.traces.ordinal[row] as number;
    const known = this.ids[trace];
    if (known !== undefined) return known;
    const at = this.table.traceId[row] as number;
    const id = traceId(bufferOver(this.table.bytes).toString("hex", at, at + TRACE_ID_BYTES));
    this.ids[trace] = id;
    return id;
  }

  span(row: number): Span {
    return decodeSpan(this.table, row, this.received.get(row), this.sources);
  }

  /** Rows in no particular order. */
  startingAt(nanos: bigint): readonly number[] {
    this.starts ??= this.rowsByStart();
    return this.starts.get(nanos) ?? [];
  }

  ofTrace(id: TraceId): number[] {
    const wanted = Buffer.from(id, "hex");
    const words = [0, 4, 8, 12].map((at) => uint32At(wanted, at));
    const { bytes, traceId: ids } = this.table;
    return this.rows((row) => words.every((word, i) => uint32At(bytes, (ids[row] as number) + i * 4) === word));
  }

  /** All that a sender said of the span, to the last byte: its message, and those of its resource and scope. */
  content(row: number): readonly Buffer[] {
    this.ordinals ??= sourceOrdinals(this.table);
    const { bytes, start, end, source } = this.table;
    const shared = this.ordinals.distinct[this.ordinals.ordinal[source[row] as number] as number];
    const message = bytes.subarray(start[row], end[row]);
    return [message, shared?.resource ?? EMPTY, shared?.scope ?? EMPTY].map(bufferOver);
  }

  private rowsByStart(): ReadonlyMap<bigint, readonly number[]> {
    const starts = new Map<bigint, number[]>();
    for (let row = 0; row < this.table.count; row++) {
      const nanos = this.startNanos(row);
      const known = starts.get(nanos);
      if (known === undefined) starts.set(nanos, [row]);
      else known.push(row);
    }
    return starts;
  }

  private rows(accepts: (row: number) => boolean): number[] {
    const found: number[] = [];
    for (let row = 0; row < this.table.count; row++) if (accepts(row)) found.push(row);
    return found;
  }
}

const EMPTY = new Uint8Array(0);

/** Undefined when the table does not have the page, or not all of it. */
export function pageView(page: PartOf, source: PartSource): PageView | undefined {
  const first = source(page.segment, page.part);
  const rest = continuations(page, source).flatMap(({ segment, part }) => source(segment, part) ?? []);
  if (first === undefined || rest.length < continuations(page, source).length) return undefined;
  const { traces, received } = readPage(first, rest);
  return new PageView(traces, received);
}
