import type { Attribute } from "./attributes.ts";
import type { SpanId, TraceId } from "./ids.ts";

/** Index = OTLP's SpanKind number; the text is Jaeger's. */
export const KINDS = ["", "internal", "server", "client", "producer", "consumer"] as const;

/** Index = OTLP's StatusCode number. */
export const STATUSES = ["unset", "ok", "error"] as const;

export interface Resource {
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

export interface SpanEvent {
  /** Unix epoch nanoseconds. */
  readonly timeNanos: bigint;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
}

export interface SpanLink {
  /** 32 hex digits; all zero is possible in stored data and is dropped when a trace is shown. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
}

/** One span as it was sent, after the sanitizers of jaeger-wire 3.4 (names are never empty, it ends after it starts). */
export interface Span {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  /** Undefined for a root. */
  readonly parentSpanId: SpanId | undefined;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  /** 0 to 5, see {@link KINDS}. */
  readonly kind: number;
  /** Unix epoch nanoseconds. A bigint, because today's value (1.8e18) is past 2^53. */
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly events: readonly SpanEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly SpanLink[];
  readonly droppedLinksCount: number;
  /** 0 to 2, see {@link STATUSES}. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly resource: Resource;
  readonly scope: Scope;
  /** What the sanitizers, the store or an adjuster have to say; shown beside the span. */
  readonly warnings: readonly string[];
}

/** All that is known of one trace; the spans in no particular order. */
export interface Trace {
  readonly traceId: TraceId;
  readonly spans: readonly Span[];
  readonly warnings: readonly string[];
}

/** The service as Jaeger names it when the resource says nothing useful (jaeger-wire 3.4). */
export function serviceName(resource: Resource): string {
  const found = resource.attributes.find((attribute) => attribute.key === "service.name")?.value;
  if (found === undefined) return MISSING_SERVICE;
  if (found.type !== "string") return WRONG_TYPE_SERVICE;
  return found.value === "" ? EMPTY_SERVICE : found.value;
}

export const MISSING_SERVICE = "missing-service-name";
export const EMPTY_SERVICE = "empty-service-name";
export const WRONG_TYPE_SERVICE = "service-name-wrong-type";
export const EMPTY_SPAN_NAME = "empty-span-name";
export const INVALID_SPAN_NAME = "invalid-span-name";
