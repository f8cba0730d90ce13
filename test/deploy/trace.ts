import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { opentelemetry } from "../../proto/gen/index.js";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");
const unhex = (text: string): Uint8Array => Buffer.from(text, "hex");

export interface SentTrace {
  readonly id: string;
  readonly service: string;
  /** Together they bring the trace: one as JSON, one as compressed protobuf, which is what agents send. */
  readonly requests: readonly SentRequest[];
  /** What of Jaeger's JSON has to come back, spans by name. */
  readonly expected: readonly ShownSpan[];
}

export interface SentRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface ShownSpan {
  readonly spanID: string;
  readonly parent: string | undefined;
  readonly operationName: string;
  /** Microseconds, as `duration`. */
  readonly startTime: number;
  readonly duration: number;
  readonly service: string;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** A request that a shop served a moment ago, with the query that it waited for. */
export function aTrace(): SentTrace {
  const id = hex(16);
  const [root, child] = [hex(8), hex(8)];
  const startMicros = (Date.now() - 5_000) * 1000 + 123;
  const nanos = (micros: number): string => `${startMicros + micros}000`;
  const serve = {
    ...{ name: "GET /basket", kind: 2 },
    ...{ startTimeUnixNano: nanos(0), endTimeUnixNano: nanos(20_000) },
    attributes: [
      { key: "http.response.status_code", value: { intValue: "200" } },
      { key: "basket.items", value: { doubleValue: 2.5 } },
      { key: "basket.open", value: { boolValue: true } },
    ],
  };
  const read = {
    ...{ name: "SELECT baskets", kind: 3 },
    ...{ startTimeUnixNano: nanos(1_000), endTimeUnixNano: nanos(18_000) },
    attributes: [{ key: "db.system", value: { stringValue: "postgresql" } }],
  };
  const service = `shop-${id.slice(0, 8)}`;
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  const request = (span: object) => ({
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "shop" }, spans: [span] }] }],
  });
  const json = request({ ...serve, traceId: id, spanId: root });
  const bytes = { traceId: unhex(id), spanId: unhex(child), parentSpanId: unhex(root) };
  const protobuf = ExportTraceServiceRequest.encode(
    ExportTraceServiceRequest.fromObject(request({ ...read, ...bytes })),
  );
  return {
    id,
    service,
    requests: [
      { headers: { "content-type": "application/json" }, body: JSON.stringify(json) },
      {
        headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
        body: gzipSync(protobuf.finish()),
      },
    ],
    expected: [
      {
        ...{ spanID: root, parent: undefined, operationName: "GET /basket", service },
        ...{ startTime: startMicros, duration: 20_000 },
        tags: { "http.response.status_code": 200, "basket.items": 2.5, "basket.open": true, "span.kind": "server" },
      },
      {
        ...{ spanID: child, parent: root, operationName: "SELECT baskets", service },
        ...{ startTime: startMicros + 1_000, duration: 17_000 },
        tags: { "db.system": "postgresql", "span.kind": "client" },
      },
    ],
  };
}

interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

interface JaegerSpan extends Pick<ShownSpan, "spanID" | "operationName" | "startTime" | "duration"> {
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly processID: string;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

/** The traces of an answer of Jaeger's API. */
export const tracesIn = (body: string): readonly JaegerTrace[] => JSON.parse(body).data;

/** A trace as Jaeger's API shows it, reduced to what {@link SentTrace.expected} names, in the same order. */
export const shown = ({ spans, processes }: JaegerTrace, expected: readonly ShownSpan[]): ShownSpan[] =>
  spans
    .toSorted((a, b) => a.startTime - b.startTime)
    .map(({ spanID, operationName, startTime, duration, references, processID, tags }, i) => ({
      ...{ spanID, operationName, startTime, duration },
      parent: references.find(({ refType }) => refType === "CHILD_OF")?.spanID,
      service: processes[processID]?.serviceName ?? "",
      tags: Object.fromEntries(
        tags.filter(({ key }) => key in (expected[i]?.tags ?? {})).map(({ key, value }) => [key, value]),
      ),
    }));
