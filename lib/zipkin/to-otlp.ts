import { type AnyValue, type Attribute, asString } from "../model/attributes.ts";
import { microsToNanos } from "../otlp/micros.ts";
import type { TracesOut } from "../otlp/traces-out.ts";
import type { ZipkinEndpoint, ZipkinSpan } from "./incoming.ts";
import { takeStatus, takeStatusV1 } from "./status.ts";
import { removeTag, takeTag, textTag, valueOfTag } from "./tags.ts";

const INTERNAL = 1;

/** What the Collector marks spans with that brought no start, since OTLP has to state one. */
const NO_START = "otel.zipkin.absentField.startTime";

/**
 * Writes a Zipkin span as OTLP's, as the Collector translates it (opentelemetry-collector-contrib,
 * pkg/translator/zipkin, zipkinv2/to_translator.go and zipkinv1/json.go), but for what that loses. Takes its tags apart.
 */
export function writeZipkinSpan(out: TracesOut, span: ZipkinSpan, version: 1 | 2): void {
  const { tags } = span;
  const traceState = takeTag(tags, "w3c.tracestate");
  const kind = span.kind === 0 ? takeInternal(tags) : span.kind;
  const status = version === 1 ? takeStatusV1(tags) : takeStatus(tags);
  const scopeName = takeEither(tags, "otel.scope.name", "otel.library.name");
  const scopeVersion = scopeName === "" ? "" : takeEither(tags, "otel.scope.version", "otel.library.version");
  // Version 1 says where a span was recorded in the resource, as the Collector does.
  if (version === 2) addEndpoint(tags, span.local, "net.host");
  addEndpoint(tags, span.remote, "net.peer");
  if (span.startMicros === 0n) tags.push({ key: NO_START, value: { type: "bool", value: true } });
  resourceOf(out, span.local, version).span(
    {
      traceId: span.traceId,
      spanId: span.spanId,
      // A span is not its own parent; some clients write it so for roots.
      parentSpanId: span.parentSpanId === span.spanId ? 0n : span.parentSpanId,
      traceState,
      name: span.name,
      kind,
      startNanos: microsToNanos(span.startMicros),
      endNanos: microsToNanos(span.startMicros + span.durationMicros),
      attributes: tags,
      events: span.annotations.map(({ micros, value }) => ({
        ...{ timeNanos: microsToNanos(micros), name: value, attributes: [], droppedAttributesCount: 0 },
      })),
      links: [],
      statusCode: status.code,
      statusMessage: status.message,
      // Debug is a request to keep the span, so it was sampled.
      flags: span.isDebug ? 1 : 0,
    },
    scopeName,
    scopeVersion,
  );
}

function takeInternal(tags: Attribute[]): number {
  const kind = valueOfTag(tags, "span.kind");
  if (kind?.type !== "string" || kind.value !== "internal") return 0;
  removeTag(tags, "span.kind");
  return INTERNAL;
}

function takeEither(tags: Attribute[], key: string, olderKey: string): string {
  const found = takeTag(tags, key);
  return found === "" ? takeTag(tags, olderKey) : found;
}

/** What is known of one end of a call, under OTLP's older names, as the Collector writes them. */
function addEndpoint(tags: Attribute[], endpoint: ZipkinEndpoint | undefined, prefix: "net.host" | "net.peer"): void {
  if (endpoint === undefined) return;
  const { serviceName, ipv4, ipv6, port } = endpoint;
  if (prefix === "net.peer" && serviceName !== "") add(tags, "peer.service", { type: "string", value: serviceName });
  if (ipv4 !== "") add(tags, `${prefix}.ip`, { type: "string", value: ipv4 });
  if (ipv6 !== "") add(tags, `${prefix}.ip`, { type: "string", value: ipv6 });
  if (port > 0) add(tags, `${prefix}.port`, { type: "int", value: BigInt(port) });
}

/** Adds an attribute, unless a tag says the same. */
function add(tags: Attribute[], key: string, value: AnyValue): void {
  const isKnown = tags.some((tag) => tag.key === key && asString(tag.value) === asString(value));
  if (!isKnown) tags.push({ key, value });
}

const UNKNOWN_SERVICE = "unknown-service";

function resourceOf(out: TracesOut, local: ZipkinEndpoint | undefined, version: 1 | 2) {
  const attributes = version === 1 ? resourceV1(local) : resourceV2(local);
  const resource = out.resource(attributes.map(({ key, value }) => `${key}=${asString(value)}`).join("\n"));
  resource.attributes = attributes;
  return resource;
}

const resourceV2 = (local: ZipkinEndpoint | undefined): Attribute[] =>
  local === undefined || local.serviceName === "" ? [] : [textTag("service.name", local.serviceName)];

function resourceV1(local: ZipkinEndpoint | undefined): Attribute[] {
  const attributes = [textTag("service.name", local?.serviceName || UNKNOWN_SERVICE)];
  if (local === undefined) return attributes;
  if (local.ipv4 !== "") attributes.push(textTag("ipv4", local.ipv4));
  if (local.ipv6 !== "") attributes.push(textTag("ipv6", local.ipv6));
  if (local.port !== 0) attributes.push(textTag("port", String(local.port)));
  return attributes;
}
