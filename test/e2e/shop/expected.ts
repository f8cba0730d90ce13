import type { RecordedSpan } from "./recorded.ts";

/** A span of Jaeger's JSON, as its clients type it. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
  readonly startTime: number;
  readonly duration: number;
  readonly tags: readonly KeyValue[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly KeyValue[] }[];
  readonly processID: string;
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly KeyValue[] }>>;
}

interface KeyValue {
  readonly key: string;
  readonly type: string;
  readonly value: unknown;
}

/** What can be compared: the order of tags, fields and references means nothing. */
type Comparable = ReturnType<typeof shownSpan>;

const byText = <T>(values: readonly T[]): readonly T[] =>
  [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** One span of an answer, with its process in its place. */
export function shownSpan(trace: JaegerTrace, span: JaegerSpan) {
  const process = trace.processes[span.processID];
  return {
    traceID: span.traceID,
    spanID: span.spanID,
    operationName: span.operationName,
    references: byText(span.references.map(({ refType, traceID, spanID }) => ({ refType, traceID, spanID }))),
    startTime: span.startTime,
    duration: span.duration,
    tags: byText(span.tags.map(plainTag)),
    logs: byText(span.logs.map(({ timestamp, fields }) => ({ timestamp, fields: byText(fields.map(plainTag)) }))),
    process: { serviceName: process?.serviceName, tags: byText((process?.tags ?? []).map(plainTag)) },
  };
}

const plainTag = ({ key, type, value }: KeyValue): KeyValue => ({ key, type, value });

/** What Jaeger shows for a span that an SDK recorded (OpenTelemetry's "OpenTelemetry to Jaeger Transformation"). */
export function expectedSpan(span: RecordedSpan): Comparable {
  const { "service.name": serviceName, ...resource } = span.resource;
  const reference = (refType: string, traceID: string, spanID: string) => ({ refType, traceID, spanID });
  const parents = span.parentId === undefined ? [] : [reference("CHILD_OF", span.traceId, span.parentId)];
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    operationName: span.name,
    references: byText([...parents, ...span.links.map((link) => reference("FOLLOWS_FROM", link.traceId, link.spanId))]),
    startTime: micros(BigInt(span.startNanos)),
    duration: micros(BigInt(span.endNanos) - BigInt(span.startNanos)),
    tags: byText([
      text("otel.scope.name", span.scope.name),
      ...(span.scope.version === undefined ? [] : [text("otel.scope.version", span.scope.version)]),
      ...tagsOf(span.attributes),
      text("span.kind", span.kind),
      ...statusTags(span.status),
    ]),
    logs: byText(
      span.events.map(({ name, timeNanos, attributes }) => ({
        timestamp: micros(BigInt(timeNanos)),
        fields: byText([text("event", name), ...tagsOf(attributes)]),
      })),
    ),
    process: { serviceName: String(serviceName), tags: byText(tagsOf(resource)) },
  };
}

const micros = (nanos: bigint): number => Number(nanos / 1_000n);

const text = (key: string, value: string): KeyValue => ({ key, type: "string", value });

function statusTags({ code, message }: RecordedSpan["status"]): readonly KeyValue[] {
  if (code === 0) return [];
  if (code === 1) return [text("otel.status_code", "OK")];
  const error = [{ key: "error", type: "bool", value: true }, text("otel.status_code", "ERROR")];
  return message === undefined ? error : [...error, text("otel.status_description", message)];
}

const tagsOf = (attributes: Readonly<Record<string, unknown>>): readonly KeyValue[] =>
  Object.entries(attributes).map(([key, value]) => tagOf(key, value));

function tagOf(key: string, value: unknown): KeyValue {
  if (typeof value === "boolean") return { key, type: "bool", value };
  if (typeof value === "number") return { key, type: Number.isInteger(value) ? "int64" : "float64", value };
  return text(key, typeof value === "string" ? value : JSON.stringify(value));
}
