import type { Attribute } from "../model/attributes.ts";
import type { WideId } from "../otlp/write-span.ts";

/** What a span brings in any of Jaeger's own formats (jaeger-idl: thrift/jaeger.thrift, proto/api_v2/model.proto). */
export interface JaegerSpan {
  readonly traceId: WideId;
  /** 64 bits, unsigned. */
  readonly spanId: bigint;
  /** 0 where the format has none, or it is told by the references. */
  readonly parentSpanId: bigint;
  readonly name: string;
  readonly references: readonly JaegerReference[];
  /** 1 sampled, 2 debug. */
  readonly flags: number;
  /** Unix epoch nanoseconds. */
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  /** In the order in which they came; keys may occur twice. */
  readonly tags: Attribute[];
  readonly logs: readonly JaegerLog[];
}

export interface JaegerReference {
  readonly type: number;
  readonly traceId: WideId;
  readonly spanId: bigint;
}

/** Reference types, alike in Thrift and protobuf. */
export const CHILD_OF = 0;
export const FOLLOWS_FROM = 1;

export interface JaegerLog {
  readonly timeNanos: bigint;
  readonly fields: Attribute[];
}

export interface JaegerProcess {
  readonly serviceName: string;
  readonly tags: Attribute[];
}
