import type { Attribute } from "../model/attributes.ts";
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../model/ids.ts";
import type { Writer } from "./write.ts";
import { writeAttributes } from "./write-attribute.ts";

/**
 * A span, or what describes its process, may take so many bytes in another protocol. No record of the stream holds one of
 * 4 MiB, and what is read of one is held as objects many times its size until it ends.
 */
export const MAX_INCOMING_SPAN_BYTES = 8 * 1024 * 1024;

/** An id of 128 bits as its halves, unsigned: what Jaeger's and Zipkin's formats hold. */
export interface WideId {
  readonly high: bigint;
  readonly low: bigint;
}

/** A span that another protocol brought, on its way to OTLP. Ids may be zero: the scanner judges that, span by span. */
export interface IncomingSpan {
  readonly traceId: WideId;
  /** 64 bits, unsigned. */
  readonly spanId: bigint;
  /** 0 for a root. */
  readonly parentSpanId: bigint;
  readonly traceState: string;
  readonly name: string;
  /** OTLP's SpanKind. */
  readonly kind: number;
  /** Unix epoch nanoseconds, 64 bits, unsigned. */
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: readonly Attribute[];
  readonly events: readonly IncomingEvent[];
  readonly links: readonly IncomingLink[];
  /** OTLP's StatusCode. */
  readonly statusCode: number;
  readonly statusMessage: string;
  /** W3C trace flags: 1 is sampled. */
  readonly flags: number;
}

export interface IncomingEvent {
  readonly timeNanos: bigint;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
}

export interface IncomingLink {
  readonly traceId: WideId;
  readonly spanId: bigint;
  readonly traceState: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
}

const idBytes = Buffer.alloc(TRACE_ID_BYTES);

function writeTraceId(out: Writer, { high, low }: WideId): void {
  idBytes.writeBigUInt64BE(high, 0);
  idBytes.writeBigUInt64BE(low, 8);
  out.bytes(1, idBytes);
}

function writeSpanId(out: Writer, field: number, id: bigint): void {
  idBytes.writeBigUInt64BE(id, 0);
  out.bytes(field, idBytes.subarray(0, SPAN_ID_BYTES));
}

/** Writes a Span message (opentelemetry/proto/trace/v1/trace.proto) as a field of what is being written. */
export function writeSpan(out: Writer, field: number, span: IncomingSpan): void {
  const start = out.begin(field);
  writeTraceId(out, span.traceId);
  writeSpanId(out, 2, span.spanId);
  if (span.traceState !== "") out.text(3, span.traceState);
  if (span.parentSpanId !== 0n) writeSpanId(out, 4, span.parentSpanId);
  out.text(5, span.name);
  out.uint32(6, span.kind);
  out.fixed64(7, span.startNanos);
  out.fixed64(8, span.endNanos);
  writeAttributes(out, 9, span.attributes);
  for (const event of span.events) writeEvent(out, event);
  for (const link of span.links) writeLink(out, link);
  if (span.statusCode !== 0 || span.statusMessage !== "") {
    const status = out.begin(15);
    if (span.statusMessage !== "") out.text(2, span.statusMessage);
    out.uint32(3, span.statusCode);
    out.end(status);
  }
  if (span.flags !== 0) out.fixed32(16, span.flags);
  out.end(start);
}

function writeEvent(out: Writer, event: IncomingEvent): void {
  const start = out.begin(11);
  out.fixed64(1, event.timeNanos);
  if (event.name !== "") out.text(2, event.name);
  writeAttributes(out, 3, event.attributes);
  if (event.droppedAttributesCount !== 0) out.uint32(4, event.droppedAttributesCount);
  out.end(start);
}

function writeLink(out: Writer, link: IncomingLink): void {
  const start = out.begin(13);
  writeTraceId(out, link.traceId);
  writeSpanId(out, 2, link.spanId);
  if (link.traceState !== "") out.text(3, link.traceState);
  writeAttributes(out, 4, link.attributes);
  if (link.droppedAttributesCount !== 0) out.uint32(5, link.droppedAttributesCount);
  out.end(start);
}
