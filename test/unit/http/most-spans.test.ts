import { describe, expect, test } from "vitest";
import { ingestApp } from "../../../lib/http/ingest.ts";
import { ingest } from "../../../lib/pipeline/ingest.ts";
import { opentelemetry } from "../../../proto/gen/index.js";
import { listOfSpans, postSpansRequest } from "../../support/foreign-proto.ts";
import { grpcFrame, readWebAnswer } from "../../support/grpc-frames.ts";
import { thriftBytes } from "../../support/thrift-structs.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const MOST = 200_000;
const TOLD = "the request has more than 200000 spans; send smaller batches";

const NOW = 1_790_000_000_000;
const MICROS = NOW * 1000;
const traceId = Buffer.alloc(16, 1);
const id = Buffer.alloc(8, 2);

/** Takes all, and counts in how many records. */
function world() {
  let records = 0;
  const app = ingestApp({
    ingest: ingest({
      stream: {
        shards: async () => [{ id: "shard", parentIds: [], isOpen: true, start: 0n, end: 2n ** 128n - 1n }],
        async put(entries) {
          records += entries.length;
          return entries.map(() => ({ ok: true, shardId: "shard", sequenceNumber: "1" }));
        },
      },
      clock: () => NOW,
      random: () => 0.5,
      sleep: async () => undefined,
      retentionHours: 168,
    }),
    tenantOf: () => "default",
    onFault: (error) => {
      throw error;
    },
    corsOrigins: [],
  });
  return { app, records: () => records };
}

const repeated = (text: string, count: number): string => Array<string>(count).fill(text).join(",");

const otlp = (count: number): Uint8Array =>
  ExportTraceServiceRequest.encode({
    resourceSpans: [{ scopeSpans: [{ spans: Array(count).fill({ traceId, spanId: id }) }] }],
  }).finish();

const jaegerSpan = {
  ...{ traceIdLow: 1n, traceIdHigh: 0n, spanId: 2n, parentSpanId: 0n, operationName: "", flags: 1 },
  ...{ startTime: BigInt(MICROS), duration: 5n },
};
const VARINT_OF = new Map([
  [MOST, [0xc0, 0x9a, 0x0c]],
  [MOST + 1, [0xc1, 0x9a, 0x0c]],
]);

/** What holds a list of one struct, with the struct as often as that: the library that writes them takes its time. */
function holding(whole: Buffer, one: Buffer, encoding: "binary" | "compact", count: number): Buffer {
  const at = whole.indexOf(one);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(count);
  const header =
    encoding === "binary"
      ? [whole.subarray(0, at - 4), size]
      : [whole.subarray(0, at - 1), Buffer.from([0xfc, ...(VARINT_OF.get(count) ?? [])])];
  return Buffer.concat([...header, Buffer.alloc(one.length * count, one), whole.subarray(at + one.length)]);
}

const jaeger = (encoding: "binary" | "compact") => (count: number) => {
  const batch = { process: { serviceName: "cart" }, spans: [jaegerSpan] };
  const one = thriftBytes(encoding, "jaeger.Span", jaegerSpan);
  return holding(thriftBytes(encoding, "jaeger.Batch", batch), one, encoding, count);
};

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const POST_SPANS = "/jaeger.api_v2.CollectorService/PostSpans";
const WEB = "application/grpc-web+proto";

/** Path and content type, and a request of so many spans. */
const DOORS: readonly (readonly [name: string, path: string, type: string, body: (count: number) => Uint8Array])[] = [
  ["OTLP protobuf", "/v1/traces", "application/x-protobuf", otlp],
  [
    ...(["OTLP JSON", "/v1/traces", "application/json"] as const),
    (count) => {
      const span = `{"traceId":"${"1".repeat(32)}","spanId":"${"2".repeat(16)}"}`;
      return Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${repeated(span, count)}]}]}]}`);
    },
  ],
  ["OTLP gRPC-web", EXPORT, WEB, (count) => grpcFrame(otlp(count))],
  [
    ...(["Jaeger gRPC-web", POST_SPANS, WEB] as const),
    (count) =>
      grpcFrame(
        postSpansRequest
          .encode({
            batch: {
              process: { service_name: "cart" },
              spans: Array(count).fill({ trace_id: traceId, span_id: id, start_time: { seconds: NOW / 1000 } }),
            },
          })
          .finish(),
      ),
  ],
  ["Jaeger Thrift", "/api/traces", "application/x-thrift", jaeger("binary")],
  ["Jaeger Thrift, compact", "/api/traces", "application/vnd.apache.thrift.compact", jaeger("compact")],
  [
    ...(["Zipkin v1 JSON", "/api/v1/spans", "application/json"] as const),
    (count) => Buffer.from(`[${repeated(`{"traceId":"1","id":"2","timestamp":${MICROS}}`, count)}]`),
  ],
  [
    ...(["Zipkin v1 Thrift", "/api/v1/spans", "application/x-thrift"] as const),
    (count) => {
      const span = { trace_id: 1n, id: 2n, name: "", timestamp: BigInt(MICROS) };
      const one = thriftBytes("binary", "zipkincore.Span", span);
      return holding(thriftBytes("binary", "list<zipkincore.Span>", [span]), one, "binary", count);
    },
  ],
  [
    ...(["Zipkin v2 JSON", "/api/v2/spans", "application/json"] as const),
    (count) => Buffer.from(`[${repeated(`{"traceId":"1","id":"2","timestamp":${MICROS}}`, count)}]`),
  ],
  [
    ...(["Zipkin v2 protobuf", "/api/v2/spans", "application/x-protobuf"] as const),
    (count) => listOfSpans.encode({ spans: Array(count).fill({ trace_id: traceId, id, timestamp: MICROS }) }).finish(),
  ],
];

describe.each(DOORS)("the door of %s", (_, path, type, body) => {
  const send = async (count: number) => {
    const { app, records } = world();
    const request = { method: "POST", headers: { "Content-Type": type }, body: Buffer.from(body(count)) };
    const answer = await app.request(path, request);
    return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()), records: records() };
  };

  test("takes as many spans as a request may have", async () => {
    const { status, bytes, records } = await send(MOST);
    expect([status < 300, records > 0]).toEqual([true, true]);
    if (type === WEB) expect(readWebAnswer(bytes).trailers["grpc-status"]).toBe("0");
  });

  test("refuses one with more as a whole, says why, and gives no reason to send it again", async () => {
    const { status, bytes, records } = await send(MOST + 1);
    expect(records).toBe(0);
    if (type === WEB)
      expect([status, readWebAnswer(bytes)]).toEqual([
        200,
        { messages: [], trailers: { "grpc-status": "8", "grpc-message": TOLD } },
      ]);
    else expect([status, Buffer.from(bytes).toString()]).toEqual([413, expect.stringContaining(TOLD)]);
  });
});

describe.each([
  ["OTLP", "/v1/traces", '{"x":[', "]}"],
  ["Zipkin v1", "/api/v1/spans", "[[", "]]"],
  ["Zipkin v2", "/api/v2/spans", "[[", "]]"],
])("JSON of %s", (_, path, before, after) => {
  const send = (body: string | Buffer) =>
    world().app.request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });

  test.each(["{}", "[]", "1.5", '"ab"'])("with millions of %s is refused before any is read", async (value) => {
    const answer = await send(`${before}${repeated(value, 2_000_001)}${after}`);
    expect([answer.status, await answer.text()]).toEqual([
      413,
      expect.stringContaining("body has more than 2000000 JSON values; send smaller batches"),
    ]);
  });

  test("of more bytes than are read as a whole is refused", async () => {
    const answer = await send(Buffer.alloc(32 * 1024 * 1024 + 1, " "));
    expect([answer.status, await answer.text()]).toEqual([
      413,
      expect.stringContaining("body is larger than 33554432 bytes after decompression; send smaller batches"),
    ]);
  });
});

const tag = { key: "", vType: 0, vStr: "" };
const note = { key: "", value: Buffer.alloc(0), annotation_type: 6 };
const TAGS = "log fields and references together";

/** A request with one span of so many tags. */
const TAGGED: readonly (readonly [name: string, path: string, type: string, body: (count: number) => Uint8Array])[] = [
  [
    ...(["Jaeger gRPC-web", POST_SPANS, WEB] as const),
    (count) =>
      grpcFrame(
        postSpansRequest.encode({ batch: { spans: [{ trace_id: traceId, tags: Array(count).fill({}) }] } }).finish(),
      ),
  ],
  ...(["binary", "compact"] as const).map(
    (encoding) =>
      [
        `Jaeger Thrift, ${encoding}`,
        ...(["/api/traces", `application/vnd.apache.thrift.${encoding}`] as const),
        (count: number) =>
          thriftBytes(encoding, "jaeger.Batch", {
            process: { serviceName: "cart" },
            spans: [{ ...jaegerSpan, tags: Array(count).fill(tag) }],
          }),
      ] as const,
  ),
  [
    ...(["Zipkin v1 Thrift", "/api/v1/spans", "application/x-thrift"] as const),
    (count) =>
      thriftBytes("binary", "list<zipkincore.Span>", [
        { trace_id: 1n, id: 2n, name: "", binary_annotations: Array(count).fill(note) },
      ]),
  ],
  [
    ...(["Zipkin v2 protobuf", "/api/v2/spans", "application/x-protobuf"] as const),
    (count) =>
      listOfSpans
        .encode({ spans: [{ trace_id: traceId, id, annotations: Array(count).fill({ value: "x" }) }] })
        .finish(),
  ],
];

test.each(TAGGED)(
  "the door of %s refuses a span of more tags than are made objects of",
  async (_, path, type, body) => {
    const send = async (count: number): Promise<string> => {
      const request = { method: "POST", headers: { "Content-Type": type }, body: Buffer.from(body(count)) };
      const answer = await world().app.request(path, request);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const { trailers } = type === WEB ? readWebAnswer(bytes) : { trailers: {} as Record<string, string> };
      return `${trailers["grpc-status"] ?? answer.status} ${trailers["grpc-message"] ?? Buffer.from(bytes)}`;
    };
    expect(await send(65_536)).not.toContain(TAGS);
    const refused = await send(65_537);
    expect(refused).toMatch(type === WEB ? /^8 / : /^413 /);
    expect(refused).toContain(TAGS);
  },
);
