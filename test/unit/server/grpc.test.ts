import { once } from "node:events";
import { connect } from "node:http2";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { GrpcReflection } from "grpc-js-reflection-client";
import { afterEach, describe, expect, test } from "vitest";
import { openGrpcDoor } from "../../../functions/server/grpc-door.ts";
import { serveGrpc } from "../../../functions/server/grpc-doors.ts";
import { tenantByCredential } from "../../../lib/http/tenant-of.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import type { IngestOutcome } from "../../../lib/pipeline/ingest.ts";
import { sha256 } from "../../../lib/runtime/access.ts";
import { readStrategies } from "../../../lib/sampling/strategies.ts";
import { google, opentelemetry } from "../../../proto/gen/index.js";
import { encodeRequest, traces } from "../../data/traffic.ts";
import { type RawClient, rawClient } from "../../support/grpc-client.ts";
import { grpcFrame } from "../../support/grpc-frames.ts";
import { vendored } from "../../support/vendored-proto.ts";

const { ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const POST_SPANS = "/jaeger.api_v2.CollectorService/PostSpans";
const SAMPLING = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
const MEBIBYTE = 1024 * 1024;
const GZIP = { "grpc.default_compression_algorithm": 2 };

const table = {
  tokens: [
    { sha256: sha256("in"), tenant: "acme", scopes: ["ingest" as const] },
    { sha256: sha256("out"), tenant: "acme", scopes: ["query" as const] },
  ],
  principals: [],
  rates: new Map(),
};

const request = encodeRequest(
  [...traces({ seed: 1, traces: 3, spansPerTrace: 5, startMillis: 1.79e12, spreadMillis: 10 })].flat(),
);

interface Behind {
  readonly outcome?: Partial<IngestOutcome> | Error;
  readonly asksForTokens?: boolean;
  /** Until this settles nothing is taken. */
  readonly until?: Promise<unknown>;
}

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const openDoor = () => openGrpcDoor({ host: "127.0.0.1", port: 0, flag: "grpc-port" });

/** The three doors, before a stand-in that keeps what it is handed. */
async function world({ outcome = {}, asksForTokens = false, until }: Behind = {}) {
  const [otlpGrpc, jaegerGrpc, samplingGrpc] = await Promise.all([openDoor(), openDoor(), openDoor()]);
  const doors = { otlpGrpc, jaegerGrpc, samplingGrpc };
  const refused: number[] = [];
  const taken: { tenant: string; traces: Uint8Array }[] = [];
  const faults: unknown[] = [];
  const serve = () =>
    serveGrpc(doors, {
      ingestBy: (receiver, transport) => async (tenant, bytes) => {
        expect([receiver, transport].join()).toMatch(/^(otlp|jaeger),grpc$/);
        await until;
        if (outcome instanceof Error) throw outcome;
        scanTraces(bytes);
        taken.push({ tenant, traces: bytes });
        return { acceptedSpans: 1, rejectedSpans: 0, message: "", ...outcome };
      },
      strategies: () => readStrategies('{"default_strategy":{"type":"ratelimiting","param":3}}', "strategies"),
      access: { ingest: asksForTokens ? tenantByCredential(() => table, "ingest") : () => "acme" },
      onFault: (error) => faults.push(error),
      onRefused: (status) => refused.push(status),
    });
  const client = (url: string, options = {}): RawClient => {
    const one = rawClient(url, options);
    opened.push(one);
    return one;
  };
  for (const door of Object.values(doors)) opened.push({ close: () => door.close(0) });
  return { doors, taken, faults, refused, serve, client };
}

async function served(behind: Behind = {}) {
  const all = await world(behind);
  return { ...all, serving: all.serve(), otlp: all.client(all.doors.otlpGrpc.url) };
}

const statusOf = (answer: Buffer | ServiceError) => (answer instanceof Error ? answer.code : 0);

describe("spans over gRPC", () => {
  test.each([
    ["as they are", {}],
    ["compressed", GZIP],
  ])("are taken %s", async (_, options) => {
    const { doors, client, taken } = await served();
    const answer = await client(doors.otlpGrpc.url, options).unary(EXPORT, request);
    expect(answer instanceof Error ? answer : ExportTraceServiceResponse.decode(answer).toJSON()).toEqual({});
    expect(taken.map(({ tenant, traces: bytes }) => [tenant, Buffer.from(bytes).equals(request)])).toEqual([
      ["acme", true],
    ]);
  });

  test("what is refused of them is told in the answer", async () => {
    const { otlp } = await served({ outcome: { rejectedSpans: 3, message: "too old" } });
    const answer = await otlp.unary(EXPORT, request);
    expect(answer instanceof Error ? answer : ExportTraceServiceResponse.decode(answer).toJSON()).toEqual({
      partialSuccess: { rejectedSpans: "3", errorMessage: "too old" },
    });
  });

  test("a batch of Jaeger's is taken where Jaeger's clients send, and they are told there how to sample", async () => {
    const { doors, client, taken } = await served();
    const jaeger = client(doors.jaegerGrpc.url, GZIP);
    expect(await jaeger.unary(POST_SPANS, Buffer.alloc(0))).toEqual(Buffer.alloc(0));
    expect(taken.length).toBe(1);
    const root = vendored("jaeger/api_v2/sampling.proto");
    const asked = root.lookupType("SamplingStrategyParameters").encode({ serviceName: "cart" }).finish();
    for (const one of [jaeger, client(doors.samplingGrpc.url)]) {
      const answer = await one.unary(SAMPLING, asked);
      expect(
        answer instanceof Error ? answer : root.lookupType("SamplingStrategyResponse").decode(answer).toJSON(),
      ).toEqual({ strategyType: "RATE_LIMITING", rateLimitingSampling: { maxTracesPerSecond: 3 } });
    }
  });
});

describe("what goes wrong is a status", () => {
  test.each<[string, number, string, Uint8Array, object, Behind]>([
    ["an unknown method", 12, EXPORT.replace("Export", "Import"), request, {}, {}],
    ["a service of another port", 12, POST_SPANS, request, {}, {}],
    ["bytes that are no request", 3, EXPORT, Buffer.from("spans"), {}, {}],
    ["a message that is too large", 8, EXPORT, Buffer.alloc(65 * MEBIBYTE), { "grpc.max_send_message_length": -1 }, {}],
    ["a message that swells", 8, EXPORT, Buffer.alloc(65 * MEBIBYTE), { ...GZIP }, {}],
    ["no credential", 16, EXPORT, request, {}, { asksForTokens: true }],
    ["a fault of ours", 13, EXPORT, request, {}, { outcome: new Error("secret") }],
  ])("%s: %i", async (_, code, path, body, options, behind) => {
    const { doors, client, taken } = await served(behind);
    const answer = await client(doors.otlpGrpc.url, options).unary(path, body);
    expect([statusOf(answer), taken]).toEqual([code, []]);
    if (answer instanceof Error) expect(answer.details).not.toBe(behind.outcome instanceof Error ? "secret" : "");
  });

  test("a credential must be one for sending", async () => {
    const { otlp, taken } = await served({ asksForTokens: true });
    const answers = [
      await otlp.unary(EXPORT, request, { authorization: "Bearer out" }),
      await otlp.unary(EXPORT, request, { authorization: "Bearer else" }),
      await otlp.unary(EXPORT, request, { authorization: "Bearer in" }),
    ];
    expect([answers.map(statusOf), taken.map(({ tenant }) => tenant)]).toEqual([[7, 16, 0], ["acme"]]);
  });

  test("what is not gRPC is answered as HTTP", async () => {
    const { doors } = await served();
    const session = connect(doors.otlpGrpc.url);
    const call = session.request({ ":method": "POST", ":path": EXPORT, "content-type": "application/json" });
    call.end("{}");
    const [headers] = await once(call, "response");
    expect(headers[":status"]).toBe(415);
    session.destroy();
  });

  test("without a credential the status comes before the message has", async () => {
    const { doors } = await served({ asksForTokens: true });
    const session = connect(doors.otlpGrpc.url);
    const call = session.request({
      ":method": "POST",
      ":path": EXPORT,
      "content-type": "application/grpc",
      te: "trailers",
    });
    call.write(grpcFrame(Buffer.alloc(1000)).subarray(0, 500));
    const [headers] = await once(call, "response");
    expect(headers["grpc-status"]).toBe("16");
    session.destroy();
  });

  test.each([
    [new TracingError("throttled", "tenant acme has sent more", { retryAfterSeconds: 12 }), 8, "12", 0],
    [new TracingError("unavailable", "the stream"), 14, "5", 1],
  ])("%s: when to come back", async (outcome, code, seconds, faults) => {
    const behind = await served({ outcome });
    const answer = await behind.otlp.unary(EXPORT, request);
    expect([statusOf(answer), behind.faults.length]).toEqual([code, faults]);
    const [bytes] = answer instanceof Error ? answer.metadata.get("grpc-status-details-bin") : [];
    const { details } = google.rpc.Status.decode(Buffer.from(bytes ?? ""));
    expect(google.rpc.RetryInfo.decode(details?.[0]?.value ?? Buffer.alloc(0)).toJSON()).toEqual({
      retryDelay: { seconds },
    });
  });
});

describe("a door", () => {
  test("lets callers wait until there is something behind it", async () => {
    const { doors, client, serve, taken } = await world();
    const answer = client(doors.otlpGrpc.url).unary(EXPORT, request);
    await new Promise((resolve) => setTimeout(resolve, 100));
    serve();
    expect([statusOf(await answer), taken.length]).toEqual([0, 1]);
  });

  test("lets calls finish when it closes, takes no more, and is soon gone when all that is left is idle or watching", async () => {
    const release = Promise.withResolvers<void>();
    const { doors, client, otlp, serving, taken } = await served({ until: release.promise });
    const watching = otlp.stream("/grpc.health.v1.Health/Watch", Buffer.alloc(0), () => undefined);
    const answer = otlp.unary(EXPORT, request);
    await new Promise((resolve) => setTimeout(resolve, 100));
    serving.end();
    const closed = doors.otlpGrpc.close(10_000);
    expect(statusOf(await client(doors.otlpGrpc.url).unary(EXPORT, request))).toBe(14);
    release.resolve();
    expect([statusOf(await answer), await watching, taken.length]).toEqual([0, 0, 1]);
    const begun = performance.now();
    await closed;
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test("cuts off what takes too long", async () => {
    const { doors, otlp } = await served({ until: new Promise(() => undefined) });
    const answer = otlp.unary(EXPORT, request);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await doors.otlpGrpc.close(50);
    expect([1, 14]).toContain(statusOf(await answer));
  });

  test("that is closed before anything was behind it is just gone", async () => {
    const { doors, client } = await world();
    const answer = client(doors.otlpGrpc.url).unary(EXPORT, request);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await doors.otlpGrpc.close(1000);
    expect(statusOf(await answer)).toBe(14);
  });
});

describe("health", () => {
  const root = vendored("grpc/health/v1/health.proto");
  const asked = (service: string) => root.lookupType("HealthCheckRequest").encode({ service }).finish();
  const shown = (type: string, bytes: Buffer | ServiceError) =>
    bytes instanceof Error ? bytes.code : root.lookupType(type).decode(bytes).toJSON();

  test("is asked for a service or the whole", async () => {
    const { otlp, serving } = await served();
    const check = async (service: string) =>
      shown("HealthCheckResponse", await otlp.unary("/grpc.health.v1.Health/Check", asked(service)));
    const service = EXPORT.split("/")[1] ?? "";
    expect([await check(""), await check(service), await check("no.such.Service")]).toEqual([
      { status: "SERVING" },
      { status: "SERVING" },
      5,
    ]);
    serving.set(false);
    expect(await check("")).toEqual({ status: "NOT_SERVING" });
    expect(shown("HealthListResponse", await otlp.unary("/grpc.health.v1.Health/List", Buffer.alloc(0)))).toEqual({
      statuses: { "": { status: "NOT_SERVING" }, [service]: { status: "NOT_SERVING" } },
    });
  });

  test("is watched until the server ends", async () => {
    const { otlp, serving } = await served();
    const seen: unknown[] = [];
    const unknown: unknown[] = [];
    const first = Promise.withResolvers<void>();
    const watch = "/grpc.health.v1.Health/Watch";
    const codes = Promise.all([
      otlp.stream(watch, asked(""), (bytes) => {
        seen.push(shown("HealthCheckResponse", bytes));
        first.resolve();
      }),
      otlp.stream(watch, asked("no.such.Service"), (bytes) => unknown.push(shown("HealthCheckResponse", bytes))),
    ]);
    await first.promise;
    serving.end();
    expect([await codes, seen, unknown]).toEqual([
      [0, 0],
      [{ status: "SERVING" }, { status: "NOT_SERVING" }],
      [{ status: "SERVICE_UNKNOWN" }],
    ]);
  });
});

describe("reflection", () => {
  test.each(["v1", "v1alpha"] as const)("%s lists services and describes them to the last message", async (version) => {
    const { doors } = await served();
    const tool = new GrpcReflection(new URL(doors.jaegerGrpc.url).host, credentials.createInsecure(), {}, version);
    expect([...(await tool.listServices())].sort()).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "jaeger.api_v2.CollectorService",
      "jaeger.api_v2.SamplingManager",
    ]);
    const described = await tool.getDescriptorBySymbol("jaeger.api_v2.CollectorService");
    expect(JSON.stringify(described.getProtobufJsRoot().toJSON())).toContain("operation_name");
  });

  const root = vendored("grpc/reflection/v1/reflection.proto");
  test.each([
    [{ file_by_filename: "no/such.proto" }, 5],
    [{ file_containing_symbol: "no.such.Service" }, 5],
    [{ all_extension_numbers_of_type: "no.such.Message" }, 5],
    [{ file_containing_extension: { containing_type: "jaeger.api_v2.Span", extension_number: 1 } }, 5],
    [{}, 3],
  ])("of %j is answered with an error, and the next request all the same", async (question, code) => {
    const { otlp } = await served();
    const type = root.lookupType("ServerReflectionRequest");
    const asked = type.encode(type.fromObject({ host: "here", ...question })).finish();
    const answer = await otlp.unary("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", asked);
    expect(
      answer instanceof Error ? answer : root.lookupType("ServerReflectionResponse").decode(answer).toJSON(),
    ).toMatchObject({
      valid_host: "here",
      original_request: { host: "here", ...question },
      error_response: { error_code: code },
    });
  });
});
