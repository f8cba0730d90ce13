import { SpanKind, type SpanStatus } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";

type Attributes = Readonly<Record<string, unknown>>;

/** A span as its SDK recorded it, in plain JSON. */
export interface RecordedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  /** OpenTelemetry's word, in lower case. */
  readonly kind: string;
  /** Unix epoch nanoseconds, as digits: JSON has no 64-bit integers. */
  readonly startNanos: string;
  readonly endNanos: string;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly timeNanos: string; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: SpanStatus;
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string | undefined };
}

export const recordedSpan = (span: ReadableSpan): RecordedSpan => ({
  traceId: span.spanContext().traceId,
  spanId: span.spanContext().spanId,
  parentId: span.parentSpanContext?.spanId,
  name: span.name,
  kind: (SpanKind[span.kind] ?? "").toLowerCase(),
  startNanos: nanos(span.startTime),
  endNanos: nanos(span.endTime),
  attributes: span.attributes,
  events: span.events.map(({ name, time, attributes = {} }) => ({ name, timeNanos: nanos(time), attributes })),
  links: span.links.map(({ context }) => ({ traceId: context.traceId, spanId: context.spanId })),
  status: span.status,
  resource: span.resource.attributes,
  scope: { name: span.instrumentationScope.name, version: span.instrumentationScope.version },
});

const nanos = ([seconds, rest]: readonly [number, number]): string =>
  String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
