import type { Attribute } from "../model/attributes.ts";
import { SPAN_ID_BYTES, spanId, TRACE_ID_BYTES, traceId } from "../model/ids.ts";
import { EMPTY_SPAN_NAME, INVALID_SPAN_NAME, type Span, type SpanEvent, type SpanLink } from "../model/span.ts";
import { formatGoDuration } from "../model/time.ts";
import { SourceDecoder } from "./decode-source.ts";
import { scanTraces } from "./scan.ts";
import type { SpanTable } from "./span-table.ts";
import { bufferOver, isText, utf8 } from "./text.ts";
import { decodeAttribute } from "./value.ts";
import { BYTES, FIXED32, FIXED64, joinHalves, uint32At, VARINT, Wire } from "./wire.ts";

/**
 * Every span of TracesData bytes, sanitized. Throws invalid_argument where `scanTraces` does.
 *
 * @param receivedNanos when ingest received the span of that index, for spans that state no start; Unix epoch nanoseconds
 */
export function decodeSpans(traces: Uint8Array, receivedNanos: (spanIndex: number) => bigint | undefined): Span[] {
  const { table } = scanTraces(traces);
  const sources = new SourceDecoder(table);
  return Array.from({ length: table.count }, (_, row) => decodeSpan(table, row, receivedNanos(row), sources));
}

/** @param sources over the same table; one for many rows decodes what they share once */
export function decodeSpan(
  table: SpanTable,
  row: number,
  receivedNanos: bigint | undefined,
  sources: SourceDecoder = new SourceDecoder(table),
): Span {
  const { bytes } = table;
  const fields = readFields(new Wire(bytes, table.start[row] as number, table.end[row] as number));
  const { resource, scope } = sources.source(table.source[row] as number);
  const warnings: string[] = [];
  const parent = table.parentId[row] as number;
  return {
    traceId: traceId(hexAt(bytes, table.traceId[row] as number, TRACE_ID_BYTES)),
    spanId: spanId(hexAt(bytes, table.spanId[row] as number, SPAN_ID_BYTES)),
    parentSpanId: parent === 0 ? undefined : spanId(hexAt(bytes, parent, SPAN_ID_BYTES)),
    traceState: fields.traceState,
    flags: fields.flags,
    name: spanName(table, row),
    kind: table.kind[row] as number,
    ...sanitizedTimes(table.startNanos(row), table.endNanos(row), receivedNanos, warnings),
    attributes: fields.attributes,
    droppedAttributesCount: fields.droppedAttributesCount,
    events: fields.events,
    droppedEventsCount: fields.droppedEventsCount,
    links: fields.links,
    droppedLinksCount: fields.droppedLinksCount,
    statusCode: table.status[row] as number,
    statusMessage: fields.statusMessage,
    resource,
    scope,
    warnings,
  };
}

/** The name as Jaeger's sanitizers have it (jaeger-wire 3.4): never empty, always text. */
function spanName(table: SpanTable, row: number): string {
  const start = table.nameStart[row] as number;
  const end = table.nameEnd[row] as number;
  if (start === end) return EMPTY_SPAN_NAME;
  return isText(table.bytes, start, end) ? utf8(table.bytes, start, end) : INVALID_SPAN_NAME;
}

function sanitizedTimes(
  stated: bigint,
  end: bigint,
  receivedNanos: bigint | undefined,
  warnings: string[],
): { startNanos: bigint; endNanos: bigint } {
  let startNanos = stated;
  if (stated === 0n && receivedNanos !== undefined) {
    startNanos = receivedNanos;
    warnings.push("span has no start time; it is shown at the time when it was received");
  }
  if (end > startNanos) return { startNanos, endNanos: end };
  warnings.push(`span has a duration of ${formatGoDuration(end - startNanos)}; it is shown as 1ns`);
  return { startNanos, endNanos: startNanos + 1n };
}

/** What the table's columns do not hold. */
interface Fields {
  traceState: string;
  flags: number;
  readonly attributes: Attribute[];
  droppedAttributesCount: number;
  readonly events: SpanEvent[];
  droppedEventsCount: number;
  readonly links: SpanLink[];
  droppedLinksCount: number;
  statusMessage: string;
}

/** The cursor stands in a Span message. */
function readFields(wire: Wire): Fields {
  const fields: Fields = {
    traceState: "",
    flags: 0,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusMessage: "",
  };
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case (3 << 3) | BYTES:
        fields.traceState = wire.text();
        break;
      case (9 << 3) | BYTES:
        fields.attributes.push(decodeAttribute(wire));
        break;
      case (10 << 3) | VARINT:
        fields.droppedAttributesCount = wire.varint();
        break;
      case (11 << 3) | BYTES:
        fields.events.push(readEvent(wire));
        break;
      case (12 << 3) | VARINT:
        fields.droppedEventsCount = wire.varint();
        break;
      case (13 << 3) | BYTES:
        fields.links.push(readLink(wire));
        break;
      case (14 << 3) | VARINT:
        fields.droppedLinksCount = wire.varint();
        break;
      case (15 << 3) | BYTES:
        fields.statusMessage = readStatusMessage(wire, fields.statusMessage);
        break;
      case (16 << 3) | FIXED32:
        fields.flags = uint32At(wire.bytes, wire.take(4));
        break;
      default:
        wire.skip(tag);
    }
  }
  return fields;
}

function readEvent(wire: Wire): SpanEvent {
  const attributes: Attribute[] = [];
  let timeNanos = 0n;
  let name = "";
  let droppedAttributesCount = 0;
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === ((1 << 3) | FIXED64)) {
      const at = wire.take(8);
      timeNanos = joinHalves(uint32At(wire.bytes, at), uint32At(wire.bytes, at + 4));
    } else if (tag === ((2 << 3) | BYTES)) name = wire.text();
    else if (tag === ((3 << 3) | BYTES)) attributes.push(decodeAttribute(wire));
    else if (tag === ((4 << 3) | VARINT)) droppedAttributesCount = wire.varint();
    else wire.skip(tag);
  }
  wire.leave(outer);
  return { timeNanos, name, attributes, droppedAttributesCount };
}

function readLink(wire: Wire): SpanLink {
  const attributes: Attribute[] = [];
  let trace = "";
  let span = "";
  let traceState = "";
  let droppedAttributesCount = 0;
  let flags = 0;
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case (1 << 3) | BYTES:
        trace = readHex(wire);
        break;
      case (2 << 3) | BYTES:
        span = readHex(wire);
        break;
      case (3 << 3) | BYTES:
        traceState = wire.text();
        break;
      case (4 << 3) | BYTES:
        attributes.push(decodeAttribute(wire));
        break;
      case (5 << 3) | VARINT:
        droppedAttributesCount = wire.varint();
        break;
      case (6 << 3) | FIXED32:
        flags = uint32At(wire.bytes, wire.take(4));
        break;
      default:
        wire.skip(tag);
    }
  }
  wire.leave(outer);
  // A link's ids are not checked on the way in: one of another length is shown as far as it goes.
  const ids = { traceId: sized(trace, TRACE_ID_BYTES), spanId: sized(span, SPAN_ID_BYTES) };
  return { ...ids, traceState, attributes, droppedAttributesCount, flags };
}

const sized = (hex: string, bytes: number): string => hex.slice(0, bytes * 2).padStart(bytes * 2, "0");

function readStatusMessage(wire: Wire, before: string): string {
  let message = before;
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === ((2 << 3) | BYTES)) message = wire.text();
    else wire.skip(tag);
  }
  wire.leave(outer);
  return message;
}

function readHex(wire: Wire): string {
  const end = wire.end();
  const hex = hexAt(wire.bytes, wire.pos, end - wire.pos);
  wire.pos = end;
  return hex;
}

const hexAt = (bytes: Uint8Array, at: number, length: number): string =>
  bufferOver(bytes).toString("hex", at, at + length);
