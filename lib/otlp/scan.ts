import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../model/ids.ts";
import { checkAttribute, plainAttributeEnd, skipUnknown } from "./check-attribute.ts";
import { HAS_LINKS, MAY_NAME_PEER, type Range, SpanTable } from "./span-table.ts";
import { BYTES, FIXED32, FIXED64, fault, field, uint32At, VARINT, Wire } from "./wire.ts";

/** Spans that may be named as rejected: an impossible one is two bytes long, and must not cost a list of any length. */
const MAX_REJECTED = 100_000;

/** A span that cannot be kept, while its neighbours can. */
export interface Rejected {
  /** Where its message begins. */
  readonly offset: number;
  readonly reason: string;
  /** What stood there, where the reason is shared by many spans. */
  readonly value?: string;
}

export interface Scan {
  readonly table: SpanTable;
  readonly rejected: readonly Rejected[];
}

/**
 * Walks the bytes of a TracesData or ExportTraceServiceRequest message (they are alike on the wire) and says where each
 * span's fields lie. Checks all that a later reader relies on: every tag, length, wire type and nesting depth, down to
 * the last attribute. Spans with impossible ids are left out and named. Throws invalid_argument, with the offset, on
 * bytes that are not such a message.
 *
 * @param table where rows are added; by default a new one over `bytes`
 */
export function scanTraces(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  table: SpanTable = new SpanTable(bytes),
): Scan {
  const wire = new Wire(bytes, start, end);
  const rejected: Rejected[] = [];
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) scanResourceSpans(wire, table, rejected);
    else skipUnknown(wire, tag, 1, 1);
  }
  return { table, rejected };
}

function scanResourceSpans(wire: Wire, table: SpanTable, rejected: Rejected[]): void {
  const outer = wire.enter();
  const resource: Range = { start: wire.pos, end: wire.limit };
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case field(1, BYTES):
        checkResource(wire);
        break;
      case field(2, BYTES):
        scanScopeSpans(wire, table, rejected, resource);
        break;
      case field(3, BYTES):
        wire.pos = wire.end();
        break;
      default:
        skipUnknown(wire, tag, 1, 3);
    }
  }
  wire.leave(outer);
}

function scanScopeSpans(wire: Wire, table: SpanTable, rejected: Rejected[], resource: Range): void {
  const outer = wire.enter();
  const scope: Range = { start: wire.pos, end: wire.limit };
  let source = -1;
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case field(1, BYTES):
        checkScope(wire);
        break;
      case field(2, BYTES):
        // An empty group is two bytes long: it must not cost an object.
        if (source === -1) source = table.sources.push({ resource, scope }) - 1;
        scanSpan(wire, table, rejected, source);
        break;
      case field(3, BYTES):
        wire.pos = wire.end();
        break;
      default:
        skipUnknown(wire, tag, 1, 3);
    }
  }
  wire.leave(outer);
}

function checkResource(wire: Wire): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) checkAttribute(wire);
    else if (tag === field(2, VARINT)) wire.varint();
    else if (tag === field(3, BYTES)) wire.pos = wire.end();
    else skipUnknown(wire, tag, 1, 3);
  }
  wire.leave(outer);
}

function checkScope(wire: Wire): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES) || tag === field(2, BYTES)) wire.pos = wire.end();
    else if (tag === field(3, BYTES)) checkAttribute(wire);
    else if (tag === field(4, VARINT)) wire.varint();
    else skipUnknown(wire, tag, 1, 4);
  }
  wire.leave(outer);
}

const SPAN_ATTRIBUTE = field(9, BYTES);

/** Moves over the attribute at the cursor and those that follow it: they stand together, and are most of a span. Returns hints. */
function checkAttributes(wire: Wire): number {
  const { bytes, limit } = wire;
  let hints = 0;
  let at = wire.pos;
  for (;;) {
    hints |= peerHint(bytes, at);
    const end = plainAttributeEnd(bytes, at, limit);
    if (end === -1) {
      wire.pos = at;
      checkAttribute(wire);
      at = wire.pos;
    } else at = end;
    if (at >= limit || bytes[at] !== SPAN_ATTRIBUTE) break;
    at++;
  }
  wire.pos = at;
  return hints;
}

function scanSpan(wire: Wire, table: SpanTable, rejected: Rejected[], source: number): void {
  const outer = wire.enter();
  const start = wire.pos;
  const bytes = wire.bytes;
  let traceId = start;
  let traceIdLength = 0;
  let spanId = start;
  let spanIdLength = 0;
  let parentId = 0;
  let parentIdLength = 0;
  let nameStart = 0;
  let nameEnd = 0;
  let startAt = 0;
  let endAt = 0;
  let kind = 0;
  let status = 0;
  let hints = 0;
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case field(1, BYTES): {
        const end = wire.end();
        traceId = wire.pos;
        traceIdLength = end - traceId;
        wire.pos = end;
        break;
      }
      case field(2, BYTES): {
        const end = wire.end();
        spanId = wire.pos;
        spanIdLength = end - spanId;
        wire.pos = end;
        break;
      }
      case field(4, BYTES): {
        const end = wire.end();
        parentId = wire.pos;
        parentIdLength = end - parentId;
        wire.pos = end;
        break;
      }
      case field(5, BYTES): {
        nameEnd = wire.end();
        nameStart = wire.pos;
        wire.pos = nameEnd;
        break;
      }
      case field(6, VARINT): {
        const value = wire.varint();
        kind = value <= 5 && wire.high === 0 ? value : 0;
        break;
      }
      case field(7, FIXED64):
        startAt = wire.take(8);
        break;
      case field(8, FIXED64):
        endAt = wire.take(8);
        break;
      case SPAN_ATTRIBUTE:
        hints |= checkAttributes(wire);
        break;
      case field(11, BYTES):
        checkEvent(wire);
        break;
      case field(13, BYTES):
        hints |= HAS_LINKS;
        checkLink(wire);
        break;
      case field(15, BYTES):
        status = scanStatus(wire, status);
        break;
      case field(3, BYTES):
        wire.pos = wire.end();
        break;
      case field(10, VARINT):
      case field(12, VARINT):
      case field(14, VARINT):
        wire.varint();
        break;
      case field(16, FIXED32):
        wire.take(4);
        break;
      default:
        skipUnknown(wire, tag, 1, 16);
    }
  }
  const reason =
    idFault("trace_id", bytes, traceId, traceIdLength, TRACE_ID_BYTES) ??
    idFault("span_id", bytes, spanId, spanIdLength, SPAN_ID_BYTES) ??
    parentFault(parentIdLength);
  if (reason !== undefined) reject(rejected, start, reason);
  else {
    const row = table.add();
    table.start[row] = start;
    table.end[row] = wire.limit;
    table.source[row] = source;
    table.traceId[row] = traceId;
    table.spanId[row] = spanId;
    table.parentId[row] = parentIdLength === 0 || isZero(bytes, parentId, SPAN_ID_BYTES) ? 0 : parentId;
    table.nameStart[row] = nameStart;
    table.nameEnd[row] = nameEnd;
    table.startLow[row] = startAt === 0 ? 0 : uint32At(bytes, startAt);
    table.startHigh[row] = startAt === 0 ? 0 : uint32At(bytes, startAt + 4);
    table.endLow[row] = endAt === 0 ? 0 : uint32At(bytes, endAt);
    table.endHigh[row] = endAt === 0 ? 0 : uint32At(bytes, endAt + 4);
    table.kind[row] = kind;
    table.status[row] = status;
    table.hints[row] = hints;
  }
  wire.leave(outer);
}

function reject(rejected: Rejected[], offset: number, reason: string): void {
  if (rejected.length === MAX_REJECTED) throw fault(offset, `more than ${MAX_REJECTED} spans have faults: ${reason}`);
  rejected.push({ offset, reason });
}

function idFault(name: string, bytes: Uint8Array, at: number, length: number, expected: number): string | undefined {
  if (length !== expected) return `${name} has ${length} bytes, expected ${expected}`;
  return isZero(bytes, at, expected) ? `${name} is all zero` : undefined;
}

/** An absent parent and one of zeros both mean a root. */
const parentFault = (length: number): string | undefined =>
  length === 0 || length === SPAN_ID_BYTES
    ? undefined
    : `parent_span_id has ${length} bytes, expected 0 or ${SPAN_ID_BYTES}`;

function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if (bytes[i] !== 0) return false;
  return true;
}

const KEY = field(1, BYTES);
const PEER_KEY_LENGTH = "peer.service".length;
const PEER_KEY_FIRST = 0x70;

/** Of the KeyValue at `at`, whose length comes first: whether its key is like `peer.service`, or it is unlike what nearly all are. */
function peerHint(bytes: Uint8Array, at: number): number {
  const isShort = (bytes[at] as number) < 0x80;
  const key = isShort ? at + 1 : at + 2;
  if (bytes[key] !== KEY || !(isShort || (bytes[at + 1] as number) < 0x80)) return MAY_NAME_PEER;
  return bytes[key + 1] === PEER_KEY_LENGTH && bytes[key + 2] === PEER_KEY_FIRST ? MAY_NAME_PEER : 0;
}

function scanStatus(wire: Wire, before: number): number {
  let status = before;
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(2, BYTES)) wire.pos = wire.end();
    else if (tag === field(3, VARINT)) {
      const value = wire.varint();
      status = value <= 2 && wire.high === 0 ? value : 0;
    } else skipUnknown(wire, tag, 2, 3);
  }
  wire.leave(outer);
  return status;
}

function checkEvent(wire: Wire): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, FIXED64)) wire.take(8);
    else if (tag === field(2, BYTES)) wire.pos = wire.end();
    else if (tag === field(3, BYTES)) checkAttribute(wire);
    else if (tag === field(4, VARINT)) wire.varint();
    else skipUnknown(wire, tag, 1, 4);
  }
  wire.leave(outer);
}

function checkLink(wire: Wire): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES) || tag === field(2, BYTES) || tag === field(3, BYTES)) wire.pos = wire.end();
    else if (tag === field(4, BYTES)) checkAttribute(wire);
    else if (tag === field(5, VARINT)) wire.varint();
    else if (tag === field(6, FIXED32)) wire.take(4);
    else skipUnknown(wire, tag, 1, 6);
  }
  wire.leave(outer);
}
