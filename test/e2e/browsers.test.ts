import { randomBytes } from "node:crypto";
import { create, createFileRegistry, type DescMethodUnary, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import grpcWeb from "grpc-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FILES } from "../../proto/gen/descriptors.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { postSpansRequest } from "../support/foreign-proto.ts";
import { wholeTrace } from "../support/otlp.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";
import { FetchedXmlHttpRequest } from "../support/xml-http-request.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const folder = temporaryFolder();
let server: SkuaServer;
beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: FetchedXmlHttpRequest });
  server = await startServer({ data: folder.path });
}, 30_000);
afterAll(async () => {
  await server.stop();
  folder.remove();
}, 30_000);

function aRequest(service: string) {
  const traceId = randomBytes(16);
  const start = BigInt(Date.now()) * 1_000_000n;
  const spans = ["open the page", "click"].map((name) => ({
    ...{ traceId, spanId: randomBytes(8), name },
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 1_000_000n),
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  const message = ExportTraceServiceRequest.fromObject({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
  return { traceId: traceId.toString("hex"), bytes: ExportTraceServiceRequest.encode(message).finish() };
}

const namesOf = async (traceId: string) =>
  (await wholeTrace(server.query, traceId, 2)).spans.map(({ operationName }) => operationName).sort();

/** The services as server reflection describes them, read by a library that shares nothing with what wrote it. */
const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: FILES.map(({ bytes }) => fromBinary(FileDescriptorProtoSchema, Buffer.from(bytes, "base64"))),
  }),
);

function methodOf(service: string, method: string): DescMethodUnary {
  for (const found of registry.getService(service)?.methods ?? [])
    if (found.name === method && found.methodKind === "unary") return { ...found, methodKind: found.methodKind };
  throw new Error(`${service}/${method} is not described`);
}

describe("connect-web", () => {
  const exporting = methodOf("opentelemetry.proto.collector.trace.v1.TraceService", "Export");
  const send = (bytes: Uint8Array, timeoutMillis?: number) =>
    createGrpcWebTransport({ baseUrl: server.otlp }).unary(
      ...([exporting, undefined, timeoutMillis, {}, fromBinary(exporting.input, bytes)] as const),
    );

  test("sends spans, which are shown", async () => {
    const { traceId, bytes } = aRequest("connect-web");
    const answer = await send(bytes, 10_000);
    expect(toJson(exporting.output, answer.message)).toEqual({});
    expect(await namesOf(traceId)).toEqual(["click", "open the page"]);
  });

  test("is told how to sample", async () => {
    const asking = methodOf("jaeger.api_v2.SamplingManager", "GetSamplingStrategy");
    const answer = await createGrpcWebTransport({ baseUrl: server.otlp }).unary(
      ...([asking, undefined, undefined, {}, { serviceName: "connect-web" }] as const),
    );
    expect(toJson(asking.output, answer.message)).toEqual({ probabilisticSampling: { samplingRate: 1 } });
  });

  test("is told what is wrong", async () => {
    const asking = methodOf("jaeger.api_v2.SamplingManager", "GetSamplingStrategy");
    const refused: ConnectError = await createGrpcWebTransport({ baseUrl: server.otlp })
      .unary(...([asking, undefined, undefined, {}, {}] as const))
      .then(
        () => expect.fail("nothing was wrong"),
        (error) => error,
      );
    expect([refused.code, refused.rawMessage]).toEqual([
      Code.InvalidArgument,
      "serviceName: expected the name of a service",
    ]);
  });
});

describe.each(["binary", "text"])("grpc-web, format %s", (format) => {
  const asIs = (bytes: Uint8Array): Uint8Array => bytes;
  const call = (service: string, method: string, request: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      const path = `/${service}/${method}`;
      const descriptor = new grpcWeb.MethodDescriptor(path, "unary", Uint8Array, Uint8Array, asIs, asIs);
      new grpcWeb.GrpcWebClientBase({ format }).rpcCall(
        `${server.otlp}${path}`,
        ...([request, {}, descriptor] as const),
        (error, answer) => (error ? reject(error) : resolve(answer)),
      );
    });

  test("sends spans, which are shown", async () => {
    const { traceId, bytes } = aRequest(`grpc-web-${format}`);
    await call("opentelemetry.proto.collector.trace.v1.TraceService", "Export", bytes);
    expect(await namesOf(traceId)).toEqual(["click", "open the page"]);
  });

  test("sends Jaeger's spans, which are shown", async () => {
    const traceId = randomBytes(16);
    const start = { seconds: Math.floor(Date.now() / 1000), nanos: 0 };
    const spans = ["open the page", "click"].map((name) => ({
      ...{ trace_id: traceId, span_id: randomBytes(8), operation_name: name },
      ...{ start_time: start, duration: { nanos: 1000 } },
    }));
    const message = postSpansRequest.fromObject({ batch: { spans, process: { service_name: `jaeger-${format}` } } });
    await call("jaeger.api_v2.CollectorService", "PostSpans", postSpansRequest.encode(message).finish());
    expect(await namesOf(traceId.toString("hex"))).toEqual(["click", "open the page"]);
  });

  test("is told what is wrong", async () => {
    const service = "opentelemetry.proto.collector.trace.v1.TraceService";
    await expect(call(service, "Export", Buffer.from("spans"))).rejects.toMatchObject({
      code: 3,
      message: "malformed protobuf at byte 4: wire type 6 does not exist here",
    });
    await expect(call(service, "Import", Buffer.alloc(0))).rejects.toMatchObject({ code: 12 });
  });
});
