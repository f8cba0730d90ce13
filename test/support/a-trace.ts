import type { AnyValue, Attribute } from "../../lib/model/attributes.ts";
import { spanId, traceId } from "../../lib/model/ids.ts";
import type { Resource, Span, SpanLink, Trace } from "../../lib/model/span.ts";

/** Plain values as attributes: a bigint is an int, a number a double. */
export type Plain = string | boolean | number | bigint | Uint8Array;

export function attributes(values: Readonly<Record<string, Plain>>): Attribute[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Plain): AnyValue {
  if (typeof value === "string") return { type: "string", value };
  if (typeof value === "boolean") return { type: "bool", value };
  if (typeof value === "bigint") return { type: "int", value };
  return typeof value === "number" ? { type: "double", value } : { type: "bytes", value };
}

export const TRACE_ID = traceId("0af7651916cd43dd8448eb211c80319c");

/** 16 digits from a short name of hex digits: "a1" is 00000000000000a1. */
export const idOf = (short: string) => spanId(short.padStart(16, "0"));

export function aResource(service: string, more: Readonly<Record<string, Plain>> = {}): Resource {
  return { attributes: attributes({ "service.name": service, ...more }), droppedAttributesCount: 0, schemaUrl: "" };
}

export function aLink(more: Partial<SpanLink> = {}): SpanLink {
  const none = { traceState: "", attributes: [], droppedAttributesCount: 0, flags: 0 };
  return { traceId: TRACE_ID, spanId: idOf("1"), ...none, ...more };
}

export function aSpan(more: Partial<Span> = {}): Span {
  return {
    traceId: TRACE_ID,
    spanId: idOf("a"),
    parentSpanId: undefined,
    traceState: "",
    flags: 0,
    name: "GET /",
    kind: 0,
    startNanos: 1_700_000_000_000_000_000n,
    endNanos: 1_700_000_000_001_000_000n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: "",
    resource: aResource("web"),
    scope: { name: "", version: "", attributes: [], droppedAttributesCount: 0, schemaUrl: "" },
    warnings: [],
    ...more,
  };
}

export const aTrace = (...spans: Span[]): Trace => ({ traceId: spans[0]?.traceId ?? TRACE_ID, spans, warnings: [] });
