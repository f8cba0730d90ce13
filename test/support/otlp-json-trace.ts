import type { AnyValue, Attribute } from "../../lib/model/attributes.ts";
import { spanId, traceId } from "../../lib/model/ids.ts";
import type { Resource, Scope, Span, Trace } from "../../lib/model/span.ts";

/** The part of OTLP's JSON that golden files use, read field by field; shares nothing with lib/ but types and ids. */
interface Value {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | string;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly Value[] };
  readonly kvlistValue?: { readonly values?: readonly Entry[] };
}
interface Entry {
  readonly key: string;
  readonly value: Value;
}
interface SpanJson {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly flags?: number;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Entry[];
  readonly events?: readonly { timeUnixNano: string; name?: string; attributes?: readonly Entry[] }[];
  readonly links?: readonly { traceId: string; spanId: string; attributes?: readonly Entry[] }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}
export interface OtlpJson {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes?: readonly Entry[] };
    readonly scopeSpans: readonly {
      readonly scope?: { readonly name?: string; readonly version?: string; readonly attributes?: readonly Entry[] };
      readonly spans: readonly SpanJson[];
    }[];
  }[];
}

export function traceFromOtlpJson({ resourceSpans }: OtlpJson): Trace {
  const spans = resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const from: Resource = { attributes: entries(resource?.attributes), droppedAttributesCount: 0, schemaUrl: "" };
    return scopeSpans.flatMap(({ scope, spans }) => {
      const by: Scope = {
        name: scope?.name ?? "",
        version: scope?.version ?? "",
        attributes: entries(scope?.attributes),
        droppedAttributesCount: 0,
        schemaUrl: "",
      };
      return spans.map((span) => toSpan(span, from, by));
    });
  });
  const [first] = spans;
  if (first === undefined) throw new Error("a golden file without spans");
  return { traceId: first.traceId, spans, warnings: [] };
}

const toSpan = (json: SpanJson, resource: Resource, scope: Scope): Span => ({
  traceId: traceId(json.traceId),
  spanId: spanId(json.spanId),
  parentSpanId: json.parentSpanId ? spanId(json.parentSpanId) : undefined,
  traceState: json.traceState ?? "",
  flags: json.flags ?? 0,
  name: json.name,
  kind: json.kind ?? 0,
  startNanos: BigInt(json.startTimeUnixNano),
  endNanos: BigInt(json.endTimeUnixNano),
  attributes: entries(json.attributes),
  droppedAttributesCount: 0,
  events: (json.events ?? []).map((event) => ({
    timeNanos: BigInt(event.timeUnixNano),
    name: event.name ?? "",
    attributes: entries(event.attributes),
    droppedAttributesCount: 0,
  })),
  droppedEventsCount: 0,
  links: (json.links ?? []).map((link) => ({
    traceId: link.traceId,
    spanId: link.spanId,
    traceState: "",
    attributes: entries(link.attributes),
    droppedAttributesCount: 0,
    flags: 0,
  })),
  droppedLinksCount: 0,
  statusCode: json.status?.code ?? 0,
  statusMessage: json.status?.message ?? "",
  resource,
  scope,
  warnings: [],
});

const entries = (list: readonly Entry[] = []): Attribute[] =>
  list.map(({ key, value }) => ({ key, value: toValue(value) }));

function toValue(json: Value): AnyValue {
  if (json.stringValue !== undefined) return { type: "string", value: json.stringValue };
  if (json.boolValue !== undefined) return { type: "bool", value: json.boolValue };
  if (json.intValue !== undefined) return { type: "int", value: BigInt(json.intValue) };
  if (json.doubleValue !== undefined) return { type: "double", value: Number(json.doubleValue) };
  if (json.bytesValue !== undefined) return { type: "bytes", value: Buffer.from(json.bytesValue, "base64") };
  if (json.arrayValue !== undefined) return { type: "array", values: (json.arrayValue.values ?? []).map(toValue) };
  if (json.kvlistValue !== undefined) return { type: "map", entries: entries(json.kvlistValue.values) };
  return { type: "empty" };
}
