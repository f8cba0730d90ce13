// The same spans in every protocol, written by other people's encoders or by hand, never by the code that is measured.
import { gzipSync } from "node:zlib";
import { opentelemetry } from "../../proto/gen/index.js";
import { listOfSpans, postSpansRequest } from "../support/foreign-proto.ts";
import { grpcFrame } from "../support/grpc-frames.ts";
import { thriftBytes, thriftCallBytes } from "../support/thrift-structs.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

/** A request as protobufjs reads it, in proto3's JSON but for bytes, which are Buffers. */
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}
interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface Span {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId?: Buffer;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly events?: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes: readonly KeyValue[];
  }[];
}

const read = (bytes: Uint8Array): Sent =>
  ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(bytes), {
    longs: String,
    bytes: Buffer,
  }) as unknown as Sent;

/** Spans of one service, which is what Jaeger's and Zipkin's clients send. */
const services = (sent: Sent) =>
  sent.resourceSpans.map(({ resource, scopeSpans }) => ({
    service: String(resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue),
    tags: resource.attributes.filter(({ key }) => key !== "service.name"),
    spans: scopeSpans.flatMap(({ spans }) => spans),
  }));

const text = ({ value }: KeyValue): string => String(Object.values(value)[0]);
const micros = (nanos: string): bigint => BigInt(nanos) / 1000n;
const lasted = (span: Span): bigint => micros(span.endTimeUnixNano) - micros(span.startTimeUnixNano);
const hex = (id: Buffer | undefined): string => (id?.length ? id.toString("hex") : "");
const signed = (id: Buffer, at: number): bigint => id.readBigInt64BE(at);
const KINDS = ["", "internal", "server", "client", "producer", "consumer"];

function otlpJson(sent: Sent): Buffer {
  const names = new Set(["traceId", "spanId", "parentSpanId"]);
  const plain = (value: unknown, name = ""): unknown => {
    if (Buffer.isBuffer(value)) return value.toString(names.has(name) ? "hex" : "base64");
    if (Array.isArray(value)) return value.map((own) => plain(own));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, plain(own, key)]));
  };
  return Buffer.from(JSON.stringify(plain(sent)));
}

/** In Thrift's TagType. */
function jaegerTag(attribute: KeyValue) {
  const { key, value } = attribute;
  if ("boolValue" in value) return { key, vType: 2, vBool: value.boolValue };
  if ("intValue" in value) return { key, vType: 3, vLong: BigInt(String(value.intValue)) };
  if ("doubleValue" in value) return { key, vType: 1, vDouble: value.doubleValue };
  return { key, vType: 0, vStr: text(attribute) };
}

const kindTag = (span: Span): KeyValue => ({ key: "span.kind", value: { stringValue: KINDS[span.kind] } });

const jaegerSpan = (span: Span) => ({
  ...{ traceIdLow: signed(span.traceId, 8), traceIdHigh: signed(span.traceId, 0), spanId: signed(span.spanId, 0) },
  parentSpanId: span.parentSpanId?.length ? signed(span.parentSpanId, 0) : 0n,
  ...{ operationName: span.name, flags: 1, startTime: micros(span.startTimeUnixNano), duration: lasted(span) },
  tags: [kindTag(span), ...span.attributes].map(jaegerTag),
  logs: (span.events ?? []).map(({ timeUnixNano, name, attributes }) => ({
    timestamp: micros(timeUnixNano),
    fields: [{ key: "event", value: { stringValue: name } }, ...attributes].map(jaegerTag),
  })),
});

const jaegerBatches = (sent: Sent) =>
  services(sent).map(({ service, tags, spans }) => ({
    process: { serviceName: service, tags: tags.map(jaegerTag) },
    spans: spans.map(jaegerSpan),
  }));

/** Jaeger's clients fill a datagram up to 65,000 bytes. */
const DATAGRAM_SPANS = 80;

const datagrams = (sent: Sent, encoding: "binary" | "compact"): Buffer[] =>
  jaegerBatches(sent).flatMap(({ process, spans }) =>
    Array.from({ length: Math.ceil(spans.length / DATAGRAM_SPANS) }, (_, n) =>
      thriftCallBytes(encoding, "emitBatch", "jaeger.Batch", {
        process,
        spans: spans.slice(n * DATAGRAM_SPANS, (n + 1) * DATAGRAM_SPANS),
      }),
    ),
  );

/** In protobuf's ValueType. */
function protoTag(attribute: KeyValue) {
  const { key, value } = attribute;
  if ("boolValue" in value) return { key, v_type: 1, v_bool: value.boolValue };
  if ("intValue" in value) return { key, v_type: 2, v_int64: String(value.intValue) };
  if ("doubleValue" in value) return { key, v_type: 3, v_float64: value.doubleValue };
  return { key, v_str: text(attribute) };
}

const timestamp = (nanos: bigint) => ({ seconds: String(nanos / 10n ** 9n), nanos: Number(nanos % 10n ** 9n) });

const jaegerProto = ({ service, tags, spans }: ReturnType<typeof services>[number]): Uint8Array =>
  postSpansRequest
    .encode(
      postSpansRequest.fromObject({
        batch: {
          process: { service_name: service, tags: tags.map(protoTag) },
          spans: spans.map((span) => ({
            ...{ trace_id: span.traceId, span_id: span.spanId, operation_name: span.name, flags: 1 },
            references: span.parentSpanId?.length ? [{ trace_id: span.traceId, span_id: span.parentSpanId }] : [],
            start_time: timestamp(BigInt(span.startTimeUnixNano)),
            duration: timestamp(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)),
            tags: [kindTag(span), ...span.attributes].map(protoTag),
            logs: (span.events ?? []).map(({ timeUnixNano, name, attributes }) => ({
              timestamp: timestamp(BigInt(timeUnixNano)),
              fields: [{ key: "event", value: { stringValue: name } }, ...attributes].map(protoTag),
            })),
          })),
        },
      }),
    )
    .finish();

const zipkinV2 = ({ service, spans }: ReturnType<typeof services>[number]) =>
  spans.map((span) => ({
    ...{ traceId: hex(span.traceId), id: hex(span.spanId), name: span.name },
    ...(span.parentSpanId?.length ? { parentId: hex(span.parentSpanId) } : {}),
    ...(span.kind > 1 ? { kind: KINDS[span.kind]?.toUpperCase() } : {}),
    ...{ timestamp: Number(micros(span.startTimeUnixNano)), duration: Number(lasted(span)) },
    localEndpoint: { serviceName: service, ipv4: "10.0.0.17" },
    annotations: (span.events ?? []).map(({ timeUnixNano, name }) => ({
      ...{ timestamp: Number(micros(timeUnixNano)), value: name },
    })),
    tags: Object.fromEntries(span.attributes.map((attribute) => [attribute.key, text(attribute)])),
  }));

const zipkinV1 = (own: ReturnType<typeof services>[number]) =>
  zipkinV2(own).map(({ kind, localEndpoint, annotations, tags, ...span }) => ({
    ...span,
    annotations: [
      ...(kind === undefined ? [] : [{ timestamp: span.timestamp, value: kind === "CLIENT" ? "cs" : "sr" }]),
      ...annotations,
    ].map((annotation) => ({ ...annotation, endpoint: localEndpoint })),
    binaryAnnotations: Object.entries(tags).map(([key, value]) => ({ key, value, endpoint: localEndpoint })),
  }));

const host = { ipv4: 0x0a000011, port: 0, service_name: "" };

const zipkinThrift = (own: ReturnType<typeof services>[number]): Buffer =>
  thriftBytes(
    "binary",
    "list<zipkincore.Span>",
    zipkinV1(own).map((span, i) => ({
      ...{
        trace_id: signed((own.spans[i] as Span).traceId, 8),
        trace_id_high: signed((own.spans[i] as Span).traceId, 0),
      },
      ...{ id: BigInt.asIntN(64, BigInt(`0x${span.id}`)), name: span.name },
      ...(span.parentId === undefined ? {} : { parent_id: BigInt.asIntN(64, BigInt(`0x${span.parentId}`)) }),
      ...{ timestamp: BigInt(span.timestamp), duration: BigInt(span.duration) },
      annotations: span.annotations.map(({ timestamp: at, value }) => ({
        ...{ timestamp: BigInt(at), value, host: { ...host, service_name: own.service } },
      })),
      binary_annotations: span.binaryAnnotations.map(({ key, value }) => ({
        ...{ key, value: Buffer.from(value), annotation_type: 6, host: { ...host, service_name: own.service } },
      })),
    })),
  );

const zipkinProto = (own: ReturnType<typeof services>[number]): Uint8Array =>
  listOfSpans
    .encode(
      listOfSpans.fromObject({
        spans: zipkinV2(own).map(({ traceId, id, parentId, localEndpoint, ...span }) => ({
          ...span,
          ...{ trace_id: Buffer.from(traceId, "hex"), id: Buffer.from(id, "hex") },
          ...(parentId === undefined ? {} : { parent_id: Buffer.from(parentId, "hex") }),
          local_endpoint: { service_name: localEndpoint.serviceName, ipv4: Buffer.from([10, 0, 0, 17]) },
        })),
      }),
    )
    .finish();

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** What one request of a Collector's becomes, by the name of the door that it goes through. OTLP's are compressed, as exporters send them. */
export const BODIES: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array[]>> = {
  otlpHttp: (bytes) => [gzipSync(bytes)],
  otlpJson: (bytes) => [gzipSync(otlpJson(read(bytes)))],
  otlpGrpcWeb: (bytes) => [grpcFrame(gzipSync(bytes), 1)],
  otlpGrpcWebText: (bytes) => [Buffer.from(grpcFrame(gzipSync(bytes), 1).toString("base64"))],
  otlpGrpc: (bytes) => [bytes],
  jaegerGrpc: (bytes) => services(read(bytes)).map(jaegerProto),
  jaegerGrpcWeb: (bytes) => services(read(bytes)).map((own) => grpcFrame(jaegerProto(own))),
  jaegerBinary: (bytes) => jaegerBatches(read(bytes)).map((batch) => thriftBytes("binary", "jaeger.Batch", batch)),
  jaegerCompact: (bytes) => jaegerBatches(read(bytes)).map((batch) => thriftBytes("compact", "jaeger.Batch", batch)),
  udpBinary: (bytes) => datagrams(read(bytes), "binary"),
  udpCompact: (bytes) => datagrams(read(bytes), "compact"),
  zipkinV1Json: (bytes) => services(read(bytes)).map((own) => json(zipkinV1(own))),
  zipkinV1Thrift: (bytes) => services(read(bytes)).map(zipkinThrift),
  zipkinV2Json: (bytes) => services(read(bytes)).map((own) => json(zipkinV2(own))),
  zipkinV2Proto: (bytes) => services(read(bytes)).map(zipkinProto),
};
