import type { Source, SpanTable } from "./span-table.ts";
import { readKeyValue } from "./value.ts";
import { BYTES, Wire } from "./wire.ts";

/** Where an attribute stands. */
export type Level = "span" | "event" | "link" | "resource" | "scope";

/** Is told byte ranges into the table's bytes; read keys with `utf8`, values with `valueText` or `plainStringStart`. */
export interface AttributeVisitor {
  /** `valueStart` to `valueEnd` is the body of an AnyValue message, empty when there is no value. */
  attribute(level: Level, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
  /** An event's name, when it has one. Jaeger shows it as the log field `event`. */
  eventName(start: number, end: number): void;
}

const SPAN_ATTRIBUTES = (9 << 3) | BYTES;
const SPAN_EVENTS = (11 << 3) | BYTES;
const SPAN_LINKS = (13 << 3) | BYTES;
const EVENT_NAME = (2 << 3) | BYTES;
const EVENT_ATTRIBUTES = (3 << 3) | BYTES;
const LINK_ATTRIBUTES = (4 << 3) | BYTES;
/** Resource in ResourceSpans and InstrumentationScope in ScopeSpans alike. */
const SHARED = (1 << 3) | BYTES;
const RESOURCE_ATTRIBUTES = (1 << 3) | BYTES;
const SCOPE_ATTRIBUTES = (3 << 3) | BYTES;

/** Levels "span", "event" and "link", in the order in which they stand in the message. */
export function walkSpan(table: SpanTable, row: number, visitor: AttributeVisitor): void {
  const wire = new Wire(table.bytes, table.start[row] as number, table.end[row] as number);
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === SPAN_ATTRIBUTES) visit(wire, "span", visitor);
    else if (tag === SPAN_EVENTS) walkEvent(wire, visitor);
    else if (tag === SPAN_LINKS) walkMessage(wire, LINK_ATTRIBUTES, "link", visitor);
    else wire.skip(tag);
  }
}

/** Levels "resource" and "scope". */
export function walkSource(table: SpanTable, sourceIndex: number, visitor: AttributeVisitor): void {
  const source = table.sources[sourceIndex] as Source;
  walkShared(
    new Wire(table.bytes, source.resource.start, source.resource.end),
    RESOURCE_ATTRIBUTES,
    "resource",
    visitor,
  );
  walkShared(new Wire(table.bytes, source.scope.start, source.scope.end), SCOPE_ATTRIBUTES, "scope", visitor);
}

function walkShared(wire: Wire, attributes: number, level: Level, visitor: AttributeVisitor): void {
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === SHARED) walkMessage(wire, attributes, level, visitor);
    else wire.skip(tag);
  }
}

function walkMessage(wire: Wire, attributes: number, level: Level, visitor: AttributeVisitor): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === attributes) visit(wire, level, visitor);
    else wire.skip(tag);
  }
  wire.leave(outer);
}

function walkEvent(wire: Wire, visitor: AttributeVisitor): void {
  const outer = wire.enter();
  let nameStart = 0;
  let nameEnd = 0;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === EVENT_ATTRIBUTES) visit(wire, "event", visitor);
    else if (tag === EVENT_NAME) {
      nameEnd = wire.end();
      nameStart = wire.pos;
      wire.pos = nameEnd;
    } else wire.skip(tag);
  }
  if (nameEnd > nameStart) visitor.eventName(nameStart, nameEnd);
  wire.leave(outer);
}

function visit(wire: Wire, level: Level, visitor: AttributeVisitor): void {
  const at = readKeyValue(wire);
  visitor.attribute(level, at.keyStart, at.keyEnd, at.valueStart, at.valueEnd);
}
