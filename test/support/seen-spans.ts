import type { AnyValue, Attribute } from "../../lib/model/attributes.ts";
import type { Span } from "../../lib/model/span.ts";
import type { PlainAttribute, PlainValue } from "../data/search-traces.ts";
import type { Seen } from "../oracle/search.ts";

/** A span as text that says all of it, whoever made it: what the store gave back. */
export const storedText = (span: Span): string =>
  text({
    ids: [span.traceId, span.spanId, span.parentSpanId ?? ""],
    traceState: span.traceState,
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    times: [span.startNanos, span.endNanos],
    attributes: attributes(span.attributes),
    events: span.events.map((event) => [event.timeNanos, event.name, attributes(event.attributes)]),
    links: span.links.map((link) => [link.traceId, link.spanId, attributes(link.attributes)]),
    status: [span.statusCode, span.statusMessage],
    resource: attributes(span.resource.attributes),
    scope: [span.scope.name, span.scope.version, attributes(span.scope.attributes)],
  });

/** The same of what the oracle expects. */
export const expectedText = ({ span, name, kind, status, start, end }: Seen): string =>
  text({
    ids: [span.traceId, span.spanId, span.parentSpanId],
    traceState: span.traceState,
    flags: span.flags,
    name,
    kind,
    times: [start, end],
    attributes: plain(span.attributes),
    events: span.events.map((event) => [event.time, event.name, plain(event.attributes)]),
    links: span.links.map((link) => [link.traceId, link.spanId, plain(link.attributes)]),
    status: [status, span.statusMessage],
    resource: plain(span.resource.attributes),
    scope: [span.scope.name, span.scope.version, plain(span.scope.attributes)],
  });

const text = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}n` : inner));

const attributes = (all: readonly Attribute[]): unknown => all.map(({ key, value }) => [key, anyValue(value)]);

function anyValue(value: AnyValue): unknown {
  switch (value.type) {
    case "array":
      return ["array", value.values.map(anyValue)];
    case "map":
      return ["map", attributes(value.entries)];
    case "bytes":
      return ["bytes", [...value.value]];
    case "empty":
      return ["empty"];
    default:
      return [value.type, `${value.value}`];
  }
}

const plain = (all: readonly PlainAttribute[]): unknown => all.map(([key, value]) => [key, plainValue(value)]);

function plainValue(value: PlainValue): unknown {
  if ("array" in value) return ["array", value.array.map(plainValue)];
  if ("map" in value) return ["map", plain(value.map)];
  if ("bytes" in value) return ["bytes", value.bytes];
  if ("nothing" in value) return ["empty"];
  if ("string" in value) return ["string", value.string];
  if ("bool" in value) return ["bool", `${value.bool}`];
  return "int" in value ? ["int", `${value.int}`] : ["double", `${value.double}`];
}
