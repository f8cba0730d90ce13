import { type Attribute, asString } from "../../model/attributes.ts";
import { type Span, serviceName } from "../../model/span.ts";
import type { TraceQuery } from "../../model/trace-query.ts";
import { type Reading, readings } from "./conditions.ts";

/** Whether all that a query asks holds on one span. */
export type SpanTest = (span: Span) => boolean;

/** What the index answers by hashes is decided here, on the span itself. */
export function spanTest(query: TraceQuery): SpanTest {
  const tags = query.tags.map(readings);
  return (span) =>
    isWithin(span.startNanos, query.startMinNanos, query.startMaxNanos) &&
    isWithin(span.endNanos - span.startNanos, query.durationMinNanos, query.durationMaxNanos) &&
    (query.operation === undefined || span.name === query.operation) &&
    (query.service === undefined || serviceName(span.resource) === query.service) &&
    tags.every((ways) => ways.some((way) => holds(way, span)));
}

const isWithin = (value: bigint, min: bigint | undefined, max: bigint | undefined): boolean =>
  (min === undefined || value >= min) && (max === undefined || value <= max);

function holds(reading: Reading, span: Span): boolean {
  switch (reading.of) {
    case "attribute":
      return (
        has(span.attributes, reading) ||
        has(span.resource.attributes, reading) ||
        has(span.scope.attributes, reading) ||
        span.events.some((event) => has(event.attributes, reading)) ||
        span.links.some((link) => has(link.attributes, reading))
      );
    case "resource":
      return has(span.resource.attributes, reading);
    case "status":
      return reading.codes.includes(span.statusCode);
    case "kind":
      return span.kind === reading.kind;
    case "scopeName":
      return span.scope.name === reading.value;
    case "scopeVersion":
      return span.scope.version === reading.value;
    case "eventName":
      return span.events.some((event) => event.name === reading.value);
  }
}

const has = (attributes: readonly Attribute[], wanted: { readonly key: string; readonly value: string }): boolean =>
  attributes.some(({ key, value }) => key === wanted.key && asString(value) === wanted.value);
