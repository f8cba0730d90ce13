import type { Attribute } from "../model/attributes.ts";
import type { WideId } from "../otlp/write-span.ts";

/** What a span brings in any of Zipkin's formats, in the shape of its second version (zipkin-api, zipkin.proto). */
export interface ZipkinSpan {
  readonly traceId: WideId;
  /** 64 bits, unsigned. */
  readonly spanId: bigint;
  /** 0 for a root. */
  readonly parentSpanId: bigint;
  readonly name: string;
  /** OTLP's SpanKind; 0 when the span says none. */
  readonly kind: number;
  /** Unix epoch microseconds; 0 when absent. */
  readonly startMicros: bigint;
  readonly durationMicros: bigint;
  readonly local: ZipkinEndpoint | undefined;
  readonly remote: ZipkinEndpoint | undefined;
  readonly annotations: readonly ZipkinAnnotation[];
  /** In the order in which they came; strings in version 2, any scalar in version 1. */
  readonly tags: Attribute[];
  readonly isDebug: boolean;
}

/** Parts that are absent are empty, or 0. */
export interface ZipkinEndpoint {
  readonly serviceName: string;
  /** As text. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly port: number;
}

export interface ZipkinAnnotation {
  /** Unix epoch microseconds. */
  readonly micros: bigint;
  readonly value: string;
}

/** OTLP's SpanKind. */
export const SERVER = 2;
export const CLIENT = 3;
export const PRODUCER = 4;
export const CONSUMER = 5;
