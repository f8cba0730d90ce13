import type { Attribute } from "../model/attributes.ts";
import { KINDS } from "../model/span.ts";
import type { TracesOut } from "../otlp/traces-out.ts";
import type { IncomingEvent, IncomingLink, WideId } from "../otlp/write-span.ts";
import {
  CHILD_OF,
  FOLLOWS_FROM,
  type JaegerLog,
  type JaegerProcess,
  type JaegerReference,
  type JaegerSpan,
} from "./incoming.ts";
import { lastOf, takeText, textOf } from "./special-tags.ts";
import { takeStatus } from "./status-of-tags.ts";

/** Where a batch's spans go: {@link TracesOut.resource}. */
export type ResourceOut = ReturnType<TracesOut["resource"]>;

/**
 * Writes a Jaeger span as OTLP's, as the Collector translates it (opentelemetry-collector-contrib, pkg/translator/jaeger,
 * from jaegerproto_to_traces.go and jaegerthrift_to_traces.go), but for what that loses: a tag that does not say what its
 * key promises stays a tag. Takes the tags of the span apart.
 */
export function writeJaegerSpan(out: ResourceOut, span: JaegerSpan): void {
  const { tags } = span;
  const scopeName = takeText(tags, "otel.scope.name");
  const scopeVersion = scopeName === "" ? "" : takeText(tags, "otel.scope.version");
  const kind = takeKind(tags);
  const status = takeStatus(tags, kind);
  const parentSpanId = parentOf(span);
  out.span(
    {
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId,
      traceState: takeText(tags, "w3c.tracestate"),
      name: span.name,
      kind,
      startNanos: span.startNanos,
      endNanos: span.endNanos,
      attributes: tags,
      events: span.logs.map(eventOf),
      links: linksOf(span, parentSpanId),
      statusCode: status.code,
      statusMessage: status.message,
      // Debug has no place among W3C's trace flags.
      flags: span.flags & 1,
    },
    scopeName,
    scopeVersion,
  );
}

function takeKind(tags: Attribute[]): number {
  const kind = KINDS.findIndex((name) => name !== "" && name === textOf(tags, "span.kind"));
  if (kind === -1) return 0;
  takeText(tags, "span.kind");
  return kind;
}

const isSame = (a: WideId, b: WideId): boolean => a.low === b.low && a.high === b.high;

/** Jaeger's rule: what is stated; else the first CHILD_OF in the same trace; else the first FOLLOWS_FROM there. */
function parentOf(span: JaegerSpan): bigint {
  if (span.parentSpanId !== 0n) return span.parentSpanId;
  const first = (type: number): JaegerReference | undefined =>
    span.references.find((reference) => reference.type === type && isSame(reference.traceId, span.traceId));
  return (first(CHILD_OF) ?? first(FOLLOWS_FROM))?.spanId ?? 0n;
}

/** Every reference but the one that the parent id says already. */
function linksOf(span: JaegerSpan, parentSpanId: bigint): IncomingLink[] {
  const links: IncomingLink[] = [];
  for (const { type, traceId, spanId } of span.references) {
    if (type === CHILD_OF && spanId === parentSpanId && isSame(traceId, span.traceId)) continue;
    const value = type === CHILD_OF ? "child_of" : "follows_from";
    const attributes: Attribute[] = [{ key: "opentracing.ref_type", value: { type: "string", value } }];
    links.push({ traceId, spanId, traceState: "", attributes, droppedAttributesCount: 0 });
  }
  return links;
}

/** A log's field `event` is the event's name, unless there are several: then all of them stay fields. */
function eventOf({ timeNanos, fields }: JaegerLog): IncomingEvent {
  const isNamed = fields.filter((field) => field.key === "event").length === 1;
  const name = isNamed ? takeText(fields, "event") : "";
  return { timeNanos, name, attributes: fields, droppedAttributesCount: 0 };
}

/** What Jaeger's own exporters call a service that has no name. */
const NO_SERVICE = "OTLPResourceNoServiceName";

/** A process as a resource. Two tags that every Jaeger client sends have other names in OTLP. */
export function resourceAttributes(process: JaegerProcess | undefined): Attribute[] {
  if (process === undefined) return [];
  const { serviceName, tags } = process;
  rename(tags, "hostname", "host.name", "");
  rename(tags, "jaeger.version", "opencensus.exporterversion", "Jaeger-");
  if (serviceName === "" || serviceName === NO_SERVICE) return tags;
  return [{ key: "service.name", value: { type: "string", value: serviceName } }, ...tags];
}

function rename(tags: Attribute[], from: string, to: string, prefix: string): void {
  const value = textOf(tags, from);
  if (value === undefined || lastOf(tags, to) !== undefined) return;
  const index = tags.findLastIndex((tag) => tag.key === from);
  tags[index] = { key: to, value: { type: "string", value: prefix + value } };
}
