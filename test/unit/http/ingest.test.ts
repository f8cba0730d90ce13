import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ingestApp } from "../../../lib/http/ingest.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import type { IngestOutcome } from "../../../lib/pipeline/ingest.ts";
import { google, opentelemetry } from "../../../proto/gen/index.js";
import { encodeRequest, traces } from "../../data/traffic.ts";

const { ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;
const { Status } = google.rpc;

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

type Body = NonNullable<RequestInit["body"]>;

/** The door, before a stand-in that keeps what it is handed; what it answers can be set. */
function door(outcome: Partial<IngestOutcome> | Error = {}) {
  const taken: { tenant: string; traces: Uint8Array }[] = [];
  const faults: unknown[] = [];
  const app = ingestApp({
    ingest: async (tenant, bytes) => {
      if (outcome instanceof Error) throw outcome;
      scanTraces(bytes); // malformed bytes are found by the scanner behind the door
      taken.push({ tenant, traces: bytes });
      return { acceptedSpans: 1, rejectedSpans: 0, message: "", ...outcome };
    },
    tenantOf: () => "acme",
    onFault: (error) => faults.push(error),
    corsOrigins: [],
  });
  const post = (body: Body, headers: Record<string, string> = {}) =>
    app.request("/v1/traces", {
      method: "POST",
      body,
      headers: { "Content-Type": PROTOBUF, ...headers },
      ...duplex(body),
    });
  return { app, taken, faults, post };
}

const duplex = (body: Body) => (body instanceof ReadableStream ? { duplex: "half" as const } : {});

const request = encodeRequest(
  [...traces({ seed: 1, traces: 3, spansPerTrace: 5, startMillis: 1.79e12, spreadMillis: 10 })].flat(),
);

async function statusOf(response: Response) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.headers.get("content-type") === PROTOBUF
    ? Status.decode(bytes).toJSON()
    : JSON.parse(Buffer.from(bytes).toString());
}

/** Two frames around a skippable one (RFC 8878, 3.1.2): magic number, length, three bytes of anything. */
const inFrames = (body: Uint8Array): Buffer =>
  Buffer.concat([
    zstdCompressSync(body.subarray(0, 1000)),
    Buffer.from("502a4d1803000000787978", "hex"),
    zstdCompressSync(body.subarray(1000)),
  ]);

describe("POST /v1/traces", () => {
  test.each([
    ["none", (body: Uint8Array) => body, {}],
    ["identity", (body: Uint8Array) => body, { "Content-Encoding": "identity" }],
    ["gzip", gzipSync, { "Content-Encoding": "gzip" }],
    ["gzip, in capitals", gzipSync, { "Content-Encoding": "GZIP" }],
    ["deflate", deflateSync, { "Content-Encoding": "deflate" }],
    ["deflate without its header", deflateRawSync, { "Content-Encoding": "deflate" }],
    ["zstd", zstdCompressSync, { "Content-Encoding": "zstd" }],
    ["zstd, in several frames and one to be skipped", inFrames, { "Content-Encoding": "zstd" }],
  ])("takes a body with content encoding %s", async (_, encode, headers) => {
    const { post, taken } = door();
    const response = await post(Buffer.from(encode(request)), headers);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, PROTOBUF]);
    expect(
      ExportTraceServiceResponse.decode(new Uint8Array(await response.arrayBuffer())).partialSuccess ?? null,
    ).toBeNull();
    expect(taken.map(({ tenant, traces: bytes }) => [tenant, Buffer.from(bytes).equals(request)])).toEqual([
      ["acme", true],
    ]);
  });

  test("takes a body that comes in chunks", async () => {
    const { post, taken } = door();
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < request.length; at += 100) controller.enqueue(request.subarray(at, at + 100));
        controller.close();
      },
    });
    expect((await post(chunks)).status).toBe(200);
    expect(Buffer.from(taken[0]?.traces ?? []).equals(request)).toBe(true);
  });

  test("takes JSON, whatever the parameters of its content type, and answers JSON", async () => {
    const { post, taken } = door();
    const body = JSON.stringify({
      resourceSpans: [
        {
          scopeSpans: [
            { spans: [{ traceId: "0AF7651916CD43DD8448EB211C80319C", spanId: "b7ad6b7169203331", name: "x" }] },
          ],
        },
      ],
    });
    const response = await post(body, { "Content-Type": "Application/JSON; charset=utf-8" });
    expect([response.status, response.headers.get("content-type"), await response.json()]).toEqual([
      200,
      JSON_TYPE,
      { partialSuccess: {} },
    ]);
    const decoded = opentelemetry.proto.trace.v1.TracesData.decode(taken[0]?.traces ?? new Uint8Array());
    expect(Buffer.from(decoded.resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0]?.traceId ?? []).toString("hex")).toBe(
      "0af7651916cd43dd8448eb211c80319c",
    );
  });

  test("an empty body is an empty request", async () => {
    const { post } = door();
    expect((await post(new Uint8Array(0))).status).toBe(200);
  });

  test.each([PROTOBUF, JSON_TYPE])("what was rejected is told as a partial success in %s", async (type) => {
    const { post } = door({ rejectedSpans: 2, message: "2 spans rejected: why" });
    const response = await post(type === JSON_TYPE ? "{}" : request, { "Content-Type": type });
    expect(response.status).toBe(200);
    if (type === JSON_TYPE)
      expect(await response.json()).toEqual({
        partialSuccess: { rejectedSpans: "2", errorMessage: "2 spans rejected: why" },
      });
    else {
      const { partialSuccess } = ExportTraceServiceResponse.decode(new Uint8Array(await response.arrayBuffer()));
      expect([Number(partialSuccess?.rejectedSpans), partialSuccess?.errorMessage]).toEqual([
        2,
        "2 spans rejected: why",
      ]);
    }
  });

  test.each([
    ["a body that ends early", request.subarray(0, request.length - 5), {}, 400, 3, /at byte \d+/],
    ["a body that is no gzip", request, { "Content-Encoding": "gzip" }, 400, 3, /not valid gzip/],
    [
      "a gzip body that ends early",
      gzipSync(request).subarray(0, 200),
      { "Content-Encoding": "gzip" },
      400,
      3,
      /not valid gzip/,
    ],
    [
      "a zstd body that ends early",
      zstdCompressSync(request).subarray(0, 200),
      { "Content-Encoding": "zstd" },
      400,
      3,
      /not valid zstd/,
    ],
    [
      "a zstd body with something behind it",
      Buffer.concat([zstdCompressSync(request), Buffer.from("junk")]),
      { "Content-Encoding": "zstd" },
      400,
      3,
      /not valid zstd/,
    ],
    [
      "a zstd bomb in several frames",
      Buffer.concat(Array(3).fill(zstdCompressSync(Buffer.alloc(30 * 1024 * 1024)))),
      { "Content-Encoding": "zstd" },
      413,
      8,
      /larger than 67108864 bytes/,
    ],
    [
      "an unknown content encoding",
      request,
      { "Content-Encoding": "br" },
      415,
      3,
      /Content-Encoding br: expected gzip, deflate, zlib, zstd or identity/,
    ],
    [
      "an unknown content type",
      request,
      { "Content-Type": "text/plain" },
      415,
      3,
      /text\/plain, supported: \[application\/json, application\/x-protobuf\]/,
    ],
    ["JSON that is none", Buffer.from("{"), { "Content-Type": JSON_TYPE }, 400, 3, /JSON/],
    [
      "a body of bombs",
      gzipSync(Buffer.alloc(70 * 1024 * 1024)),
      { "Content-Encoding": "gzip" },
      413,
      8,
      /larger than 67108864 bytes/,
    ],
  ])(
    "%s is refused with a google.rpc.Status in the request's encoding",
    async (_, body, headers, http, code, message) => {
      const { post, taken } = door();
      const response = await post(Buffer.from(body), headers);
      expect(response.status).toBe(http);
      const expectedType = "Content-Type" in headers ? JSON_TYPE : PROTOBUF;
      expect(response.headers.get("content-type")).toBe(expectedType);
      expect(await statusOf(response)).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(taken).toEqual([]);
    },
  );

  test.each([
    ["unavailable", 503, 14],
    ["throttled", 429, 8],
  ] as const)("a stream that is %s is answered %i with Retry-After", async (code, http, grpc) => {
    const { post } = door(new TracingError(code, "come back", { retryAfterSeconds: 3 }));
    const response = await post(request);
    expect([response.status, response.headers.get("retry-after")]).toEqual([http, "3"]);
    expect(await statusOf(response)).toEqual({ code: grpc, message: "come back" });
  });

  test("a fault of ours is a 500 whose cause stays in the log", async () => {
    const cause = new Error("secret host name");
    const { post, faults } = door(cause);
    const response = await post(request);
    expect(response.status).toBe(500);
    expect(await statusOf(response)).toEqual({ code: 13, message: "internal error" });
    expect(faults).toEqual([cause]);
  });

  test("another method is a 405 that allows POST, another path a 404", async () => {
    const { app } = door();
    const wrongMethod = await app.request("/v1/traces", { method: "PUT", body: "x" });
    expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "POST"]);
    const wrongPath = await app.request("/v1/metrics", { method: "POST", body: "x" });
    expect(wrongPath.status).toBe(404);
    expect(await statusOf(wrongPath)).toMatchObject({ code: 5, message: expect.stringContaining("/v1/metrics") });
  });
});
