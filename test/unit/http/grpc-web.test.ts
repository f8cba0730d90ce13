import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ingestApp } from "../../../lib/http/ingest.ts";
import { tenantByCredential } from "../../../lib/http/tenant-of.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import type { IngestOutcome } from "../../../lib/pipeline/ingest.ts";
import { sha256 } from "../../../lib/runtime/access.ts";
import { readStrategies } from "../../../lib/sampling/strategies.ts";
import { google, opentelemetry } from "../../../proto/gen/index.js";
import { encodeRequest, traces } from "../../data/traffic.ts";
import { grpcFrame, readWebAnswer } from "../../support/grpc-frames.ts";
import { vendored } from "../../support/vendored-proto.ts";

const { ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const POST_SPANS = "/jaeger.api_v2.CollectorService/PostSpans";
const SAMPLING = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
const PROTO = "application/grpc-web+proto";
const TEXT = "application/grpc-web-text+proto";
const MEBIBYTE = 1024 * 1024;

const table = {
  tokens: [
    { sha256: sha256("in"), tenant: "acme", scopes: ["ingest" as const] },
    { sha256: sha256("out"), tenant: "acme", scopes: ["query" as const] },
  ],
  principals: [],
  rates: new Map(),
};

interface Behind {
  readonly outcome?: Partial<IngestOutcome> | Error;
  readonly waitMillis?: number;
  readonly asksForTokens?: boolean;
}

/** The door, before a stand-in that keeps what it is handed; what it answers can be set. */
function door({ outcome = {}, waitMillis = 0, asksForTokens = false }: Behind = {}) {
  const taken: { tenant: string; traces: Uint8Array }[] = [];
  const faults: unknown[] = [];
  const refused: number[] = [];
  const app = ingestApp({
    async ingest(tenant, bytes) {
      if (outcome instanceof Error) throw outcome;
      if (waitMillis > 0) await new Promise((resolve) => setTimeout(resolve, waitMillis));
      scanTraces(bytes);
      taken.push({ tenant, traces: bytes });
      return { acceptedSpans: 1, rejectedSpans: 0, message: "", ...outcome };
    },
    tenantOf: asksForTokens ? tenantByCredential(() => table, "ingest") : () => "acme",
    onFault: (error) => faults.push(error),
    onRefused: (status) => refused.push(status),
    corsOrigins: ["https://shop.example"],
    strategies: () =>
      readStrategies(
        JSON.stringify({
          default_strategy: { type: "probabilistic", param: 0.5 },
          service_strategies: [
            { service: "cart", type: "ratelimiting", param: 7 },
            {
              service: "till",
              type: "probabilistic",
              param: 0.8,
              operation_strategies: [{ operation: "pay", type: "probabilistic", param: 0.2 }],
            },
          ],
        }),
        "strategies",
      ),
  });
  async function call(path: string, body: Uint8Array | ReadableStream, headers: Record<string, string> = {}) {
    const response = await app.request(path, {
      method: "POST",
      body: body instanceof Uint8Array ? Buffer.from(body) : body,
      headers: { "Content-Type": PROTO, ...headers },
      ...(body instanceof Uint8Array ? {} : { duplex: "half" as const }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isText = response.headers.get("content-type")?.includes("-text") ?? false;
    const answer = readWebAnswer(isText ? Buffer.from(bytes.toString("latin1"), "base64") : bytes);
    return { http: response.status, headers: response.headers, ...answer };
  }
  return { app, taken, faults, refused, call };
}

const request = encodeRequest(
  [...traces({ seed: 1, traces: 3, spansPerTrace: 5, startMillis: 1.79e12, spreadMillis: 10 })].flat(),
);

const inChunks = (body: Uint8Array, sizes: readonly number[]): ReadableStream =>
  new ReadableStream({
    start(controller) {
      let at = 0;
      for (const size of sizes) {
        if (size > 0 && at < body.length) controller.enqueue(Buffer.from(body.subarray(at, at + size)));
        at += size;
      }
      if (at < body.length) controller.enqueue(Buffer.from(body.subarray(at)));
      controller.close();
    },
  });

/** Each part as base64 of its own, padded, as writers do that flush. */
const inParts = (body: Uint8Array, size: number): Buffer => {
  const parts: string[] = [];
  for (let at = 0; at < body.length; at += size)
    parts.push(Buffer.from(body.subarray(at, at + size)).toString("base64"));
  return Buffer.from(parts.join(""));
};

describe("spans over gRPC-web", () => {
  test.each([
    ["as they are", PROTO, grpcFrame(request), {}],
    ["with the format left out", "application/grpc-web", grpcFrame(request), {}],
    ["compressed", PROTO, grpcFrame(gzipSync(request), 1), { "grpc-encoding": "gzip" }],
    ["not compressed, though they might be", PROTO, grpcFrame(request), { "grpc-encoding": "gzip" }],
    ["as text", TEXT, inParts(grpcFrame(request), Number.MAX_SAFE_INTEGER), {}],
    ["as text in padded parts", "application/grpc-web-text", inParts(grpcFrame(request), 1000), {}],
    ["as compressed text", TEXT, inParts(grpcFrame(gzipSync(request), 1), 77), { "grpc-encoding": "gzip" }],
    ["with a charset that means nothing", `${PROTO}; charset=utf-8`, grpcFrame(request), {}],
  ])("are taken %s", async (_, type, body, headers) => {
    const { call, taken } = door();
    const answer = await call(EXPORT, body, { ...headers, "Content-Type": type });
    expect([answer.http, answer.headers.get("content-type"), answer.trailers]).toEqual([
      200,
      type.split(";")[0],
      { "grpc-status": "0", "grpc-message": "" },
    ]);
    expect(answer.messages.map((message) => ExportTraceServiceResponse.decode(message).toJSON())).toEqual([{}]);
    expect(taken.map(({ tenant, traces: bytes }) => [tenant, Buffer.from(bytes).equals(request)])).toEqual([
      ["acme", true],
    ]);
  });

  test("what is refused of them is told in the answer", async () => {
    const { call } = door({ outcome: { rejectedSpans: 3, message: "too old" } });
    const { messages, trailers } = await call(EXPORT, grpcFrame(request));
    expect(ExportTraceServiceResponse.decode(messages[0] ?? Buffer.alloc(0)).toJSON()).toEqual({
      partialSuccess: { rejectedSpans: "3", errorMessage: "too old" },
    });
    expect(trailers["grpc-status"]).toBe("0");
  });

  test("however the body is cut into chunks, the same is taken", async () => {
    const body = grpcFrame(gzipSync(request), 1);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(body.length), { maxLength: 20 }), async (sizes) => {
        const { call, taken } = door();
        const { trailers } = await call(EXPORT, inChunks(body, sizes), { "grpc-encoding": "gzip" });
        expect(trailers["grpc-status"]).toBe("0");
        expect(Buffer.from(taken[0]?.traces ?? []).equals(request)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("a body that ends early is malformed, wherever it ends", async () => {
    const { call, taken, faults } = door();
    const body = grpcFrame(gzipSync(request), 1);
    for (let length = 0; length < body.length; length += Math.max(1, Math.floor(length / 10))) {
      const { messages, trailers } = await call(EXPORT, body.subarray(0, length), { "grpc-encoding": "gzip" });
      expect([messages.length, trailers["grpc-status"]]).toEqual([0, "3"]);
    }
    expect([taken.length, faults]).toEqual([0, []]);
  });

  test("whatever bit is wrong, the answer is whole, and it is nobody's fault but the client's", async () => {
    const plain = grpcFrame(request);
    const compressed = grpcFrame(gzipSync(request), 1);
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.boolean(), fc.nat(), async (isText, isCompressed, bit) => {
        const { call, faults } = door();
        const framed = isCompressed ? compressed : plain;
        const body = isText ? inParts(framed, 3000) : Buffer.from(framed);
        const at = (bit >>> 3) % body.length;
        body[at] = (body[at] ?? 0) ^ (1 << (bit & 7));
        const headers = { "Content-Type": isText ? TEXT : PROTO, "grpc-encoding": isCompressed ? "gzip" : "identity" };
        const { http, trailers } = await call(EXPORT, body, headers);
        expect([http, ["0", "3", "8"].includes(trailers["grpc-status"] ?? ""), faults]).toEqual([200, true, []]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("Jaeger's own services over gRPC-web", () => {
  test("an empty batch is taken, and answered with an empty message", async () => {
    const { call, taken } = door();
    const { messages, trailers } = await call(POST_SPANS, grpcFrame(Buffer.alloc(0)));
    expect([messages.map(({ length }) => length), trailers["grpc-status"], taken.length]).toEqual([[0], "0", 1]);
  });

  test("a batch of which nothing is taken is refused: there is no other way to say so", async () => {
    const { call } = door({ outcome: { acceptedSpans: 0, rejectedSpans: 2, message: "2 spans: too old" } });
    const { trailers } = await call(POST_SPANS, grpcFrame(Buffer.alloc(0)));
    expect(trailers).toEqual({ "grpc-status": "3", "grpc-message": "2 spans: too old" });
  });

  test.each([
    ["cart", { strategyType: "RATE_LIMITING", rateLimitingSampling: { maxTracesPerSecond: 7 } }],
    ["elsewhere", { probabilisticSampling: { samplingRate: 0.5 } }],
    [
      "till",
      {
        probabilisticSampling: { samplingRate: 0.8 },
        operationSampling: {
          defaultSamplingProbability: 0.8,
          perOperationStrategies: [{ operation: "pay", probabilisticSampling: { samplingRate: 0.2 } }],
        },
      },
    ],
  ])("%s is told how to sample", async (serviceName, expected) => {
    const root = vendored("jaeger/api_v2/sampling.proto");
    const asked = root.lookupType("SamplingStrategyParameters").encode({ serviceName }).finish();
    const { messages, trailers } = await door().call(SAMPLING, grpcFrame(asked));
    expect(trailers["grpc-status"]).toBe("0");
    const answer = root.lookupType("SamplingStrategyResponse").decode(messages[0] ?? Buffer.alloc(0));
    expect(answer.toJSON()).toEqual(expected);
  });

  test("who names no service is not told", async () => {
    const { trailers } = await door().call(SAMPLING, grpcFrame(Buffer.alloc(0)));
    expect(trailers).toEqual({ "grpc-status": "3", "grpc-message": "serviceName: expected the name of a service" });
  });
});

describe("what goes wrong stands in the trailers", () => {
  const swelling = gzipSync(Buffer.alloc(65 * MEBIBYTE));
  const long = Buffer.from([0, 0x05, 0, 0, 0]);
  test.each<[string, string, string, Uint8Array, Record<string, string>, Behind]>([
    ["an unknown method", "12", EXPORT.replace("Export", "Import"), grpcFrame(request), {}, {}],
    ["an unknown service", "12", "/no.such.Service/Export", grpcFrame(request), {}, {}],
    ["a compression that nobody knows", "12", EXPORT, grpcFrame(request, 1), { "grpc-encoding": "snappy" }, {}],
    [
      "a compression of the whole that nobody knows",
      "12",
      EXPORT,
      grpcFrame(request),
      { "Content-Encoding": "br" },
      {},
    ],
    ["a compressed message without saying how", "3", EXPORT, grpcFrame(gzipSync(request), 1), {}, {}],
    [
      "a message that is not compressed as it says",
      "3",
      EXPORT,
      grpcFrame(request, 1),
      { "grpc-encoding": "gzip" },
      {},
    ],
    ["bytes that are no request", "3", EXPORT, grpcFrame(Buffer.from("spans")), {}, {}],
    ["bytes that are no batch", "3", POST_SPANS, grpcFrame(Buffer.from("spans")), {}, {}],
    ["two messages", "3", EXPORT, Buffer.concat([grpcFrame(request), grpcFrame(request)]), {}, {}],
    ["a frame of trailers", "3", EXPORT, grpcFrame(request, 0x80), {}, {}],
    ["text that is not base64", "3", EXPORT, Buffer.from("AAAA!AAA"), { "Content-Type": TEXT }, {}],
    ["a timeout that is none", "3", EXPORT, grpcFrame(request), { "grpc-timeout": "soon" }, {}],
    ["a body that is too large", "8", EXPORT, Buffer.concat([long, Buffer.alloc(65 * MEBIBYTE)]), {}, {}],
    ["a message that swells", "8", EXPORT, grpcFrame(swelling, 1), { "grpc-encoding": "gzip" }, {}],
    ["no credential", "16", EXPORT, grpcFrame(request), {}, { asksForTokens: true }],
    [
      "a credential for reading",
      "7",
      EXPORT,
      grpcFrame(request),
      { authorization: "Bearer out" },
      { asksForTokens: true },
    ],
    ["a deadline that passes", "4", EXPORT, grpcFrame(request), { "grpc-timeout": "20m" }, { waitMillis: 2000 }],
  ])("%s: %s", async (_, status, path, body, headers, behind) => {
    const { call, taken } = door(behind);
    const { http, messages, trailers } = await call(path, body, headers);
    expect([http, messages, trailers["grpc-status"]]).toEqual([200, [], status]);
    expect([trailers["grpc-message"] !== "", trailers["grpc-status-details-bin"], taken]).toEqual([
      true,
      undefined,
      [],
    ]);
  });

  test.each([
    ["what it does not know", { "grpc-encoding": "snappy" }],
    ["nothing", {}],
  ])("and whoever compresses with %s learns what may be", async (_, headers) => {
    const { headers: told } = await door().call(EXPORT, grpcFrame(request, 1), headers);
    expect(told.get("grpc-accept-encoding")).toBe("identity,gzip,deflate");
  });

  test("a credential that may send, does", async () => {
    const { call, taken } = door({ asksForTokens: true });
    const { trailers } = await call(EXPORT, grpcFrame(request), { authorization: "Bearer in" });
    expect([trailers["grpc-status"], taken[0]?.tenant]).toEqual(["0", "acme"]);
  });

  test.each([
    [new TracingError("throttled", "tenant acme has sent more", { retryAfterSeconds: 12 }), "8", "12", 0],
    [new TracingError("unavailable", "the stream"), "14", "5", 1],
  ])("%s: when to come back", async (outcome, status, seconds, faults) => {
    const behind = door({ outcome });
    const { trailers } = await behind.call(EXPORT, grpcFrame(request));
    expect([trailers["grpc-status"], behind.faults.length]).toEqual([status, faults]);
    const { code, message, details } = google.rpc.Status.decode(
      Buffer.from(trailers["grpc-status-details-bin"] ?? "", "base64"),
    );
    expect([String(code), message, details?.length, details?.[0]?.type_url]).toEqual([
      status,
      outcome.message,
      1,
      "type.googleapis.com/google.rpc.RetryInfo",
    ]);
    expect(google.rpc.RetryInfo.decode(details?.[0]?.value ?? Buffer.alloc(0)).toJSON()).toEqual({
      retryDelay: { seconds },
    });
  });

  test("a fault of ours says nothing of itself, but to us", async () => {
    const outcome = new Error("secret");
    const { call, faults } = door({ outcome });
    const { trailers } = await call(EXPORT, grpcFrame(request));
    expect([trailers, faults]).toEqual([{ "grpc-status": "13", "grpc-message": "internal error" }, [outcome]]);
  });

  test("a message in any language arrives as it was written", async () => {
    const message = "50 % of “spans”\r\nsind zu groß ☂ \ud83d\ude00";
    const { call } = door({ outcome: new TracingError("invalid_argument", message) });
    const { trailers } = await call(EXPORT, grpcFrame(request));
    expect(decodeURIComponent(trailers["grpc-message"] ?? "")).toBe(message);
  });
});

describe("what is not gRPC-web is answered as HTTP", () => {
  const asked = async (path: string, init: RequestInit) => {
    const { status, headers } = await door().app.request(path, init);
    return [status, headers.get("allow")];
  };
  test.each(["application/grpc", "application/grpc-web+json", "application/json", ""])("%s: 415", async (type) => {
    expect(await asked(EXPORT, { method: "POST", body: "x", headers: { "Content-Type": type } })).toEqual([415, null]);
  });

  test("another method than POST: 405", async () => {
    expect(await asked(EXPORT, { method: "GET" })).toEqual([405, "POST"]);
  });

  test("a page of a chosen origin may call, and read how the call ended", async () => {
    const { app } = door();
    const preflight = await app.request(EXPORT, {
      method: "OPTIONS",
      headers: {
        Origin: "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,grpc-timeout,x-grpc-web,x-user-agent",
      },
    });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
      204,
      "https://shop.example",
    ]);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-grpc-web");
    const { headers } = await door().call(EXPORT, grpcFrame(request), { Origin: "https://shop.example" });
    expect(headers.get("access-control-expose-headers")).toContain("grpc-status");
  });
});

test("what is refused is counted by the status that means the same, and what a client asks in vain is no fault of ours", async () => {
  const { refused, faults, call } = door();
  expect((await call("/no.Service/Method", grpcFrame(request))).http).toBe(200);
  await call(EXPORT, grpcFrame(request), { "grpc-encoding": "snappy" });
  await call(EXPORT, Buffer.from("0000000005ffffffffff", "hex"));
  await call(EXPORT, grpcFrame(request));
  expect([refused, faults]).toEqual([[501, 501, 400], []]);
});
