import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ingestApp } from "../../../lib/http/ingest.ts";
import { tenantByCredential } from "../../../lib/http/tenant-of.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { decodeSpans } from "../../../lib/otlp/decode.ts";
import { readAccess } from "../../../lib/runtime/read-access.ts";
import { listOfSpans } from "../../support/foreign-proto.ts";
import { grpcFrame, readWebAnswer } from "../../support/grpc-frames.ts";
import { thriftBytes } from "../../support/thrift-structs.ts";

/** The tokens `in` and `out`; digests by `printf %s in | sha256sum`. */
const TABLE = readAccess(
  JSON.stringify({
    tokens: [
      {
        sha256: "582967534d0f909d196b97f9e6921342777aea87b46fa52df165389db1fb8ccf",
        tenant: "acme",
        scopes: ["ingest"],
      },
      { sha256: "762069bc07a6e1b5df123a5ae7bd91c10daa04694fbaa17fba0cd6a8dcce8f22", tenant: "acme", scopes: ["query"] },
    ],
  }),
  "the table",
);

function world(fault?: TracingError) {
  const taken: [tenant: string, span: string][] = [];
  const app = ingestApp({
    ingest: async (tenant, traces) => {
      if (fault !== undefined) throw fault;
      const spans = decodeSpans(traces, () => undefined);
      for (const span of spans) taken.push([tenant, span.name]);
      return { acceptedSpans: spans.length, rejectedSpans: 0, message: "" };
    },
    tenantOf: tenantByCredential(() => TABLE, "ingest"),
    onFault: () => undefined,
    corsOrigins: [],
  });
  return { app, taken };
}

const START = 1_790_000_000_000_000;
const ZIPKIN = { traceId: "463ac35c9f6413ad", id: "a2fb4a1d1a96d312", name: "get" };
const JAEGER = {
  process: { serviceName: "cart" },
  spans: [
    {
      ...{ traceIdLow: 1n, traceIdHigh: 0n, spanId: 2n, parentSpanId: 0n, operationName: "get", flags: 1 },
      ...{ startTime: BigInt(START), duration: 5n },
    },
  ],
};
const ZIPKIN_V1 = {
  ...{ trace_id: 1n, id: 2n, name: "get", timestamp: BigInt(START), duration: 5n },
  ...{ annotations: [], binary_annotations: [], debug: false },
};

interface Door {
  readonly path: string;
  readonly type: string;
  /** A request with one span named `get`. */
  readonly body: Uint8Array;
  readonly done: number;
  /** What an error's body tells: HTTP's code is told beside it. */
  readonly message: (text: string) => string;
  readonly errorType: string;
}

const plain = (text: string): string => text.trimEnd();
const status = (text: string): string => JSON.parse(text).message;
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** Doors that answer errors with an HTTP status; gRPC-web's stand in its trailers. */
const DOORS: Readonly<Record<string, Door>> = {
  "OTLP JSON": {
    path: "/v1/traces",
    type: "application/json",
    body: json({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: "1".repeat(32),
                  spanId: "2".repeat(16),
                  name: "get",
                  startTimeUnixNano: "1",
                  endTimeUnixNano: "2",
                },
              ],
            },
          ],
        },
      ],
    }),
    ...{ done: 200, message: status, errorType: "application/json" },
  },
  "Jaeger Thrift": {
    path: "/api/traces",
    type: "application/x-thrift",
    body: thriftBytes("binary", "jaeger.Batch", JAEGER),
    ...{ done: 202, message: plain, errorType: "text/plain; charset=utf-8" },
  },
  "Jaeger Thrift, compact": {
    path: "/api/traces",
    type: "application/vnd.apache.thrift.compact",
    body: thriftBytes("compact", "jaeger.Batch", JAEGER),
    ...{ done: 202, message: plain, errorType: "text/plain; charset=utf-8" },
  },
  "Zipkin v2": {
    path: "/api/v2/spans",
    type: "application/json; charset=utf-8",
    body: json([{ ...ZIPKIN, timestamp: START, duration: 5 }]),
    ...{ done: 202, message: plain, errorType: "text/plain; charset=utf-8" },
  },
  "Zipkin v2, protobuf": {
    path: "/api/v2/spans",
    type: "application/x-protobuf",
    body: listOfSpans
      .encode({ spans: [{ trace_id: Buffer.alloc(16, 1), id: Buffer.alloc(8, 2), timestamp: START, name: "get" }] })
      .finish(),
    ...{ done: 202, message: plain, errorType: "text/plain; charset=utf-8" },
  },
  "Zipkin v1": {
    path: "/api/v1/spans",
    type: "application/json",
    body: json([
      {
        ...ZIPKIN,
        timestamp: START,
        duration: 5,
        annotations: [],
        binaryAnnotations: [{ key: "sa", value: true, endpoint: { serviceName: "db" } }],
      },
    ]),
    ...{ done: 202, message: plain, errorType: "text/plain; charset=utf-8" },
  },
  "Zipkin v1, Thrift": {
    path: "/api/v1/spans",
    type: "application/x-thrift",
    body: thriftBytes("binary", "list<zipkincore.Span>", [ZIPKIN_V1]),
    ...{ done: 202, message: plain, errorType: "text/plain; charset=utf-8" },
  },
};

type Ask = {
  readonly token?: string;
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
  readonly method?: string;
};

async function ask(app: ReturnType<typeof world>["app"], { path, type, body }: Door, own: Ask = {}) {
  const { token = "in", method = "POST" } = own;
  const headers = {
    "Content-Type": type,
    ...(token === "" ? {} : { Authorization: `Bearer ${token}` }),
    ...own.headers,
  };
  return app.request(path, { method, headers, ...(method === "POST" ? { body: Buffer.from(own.body ?? body) } : {}) });
}

describe.each(Object.entries(DOORS))("the door of %s", (_, door) => {
  test("takes spans of the credential's tenant, compressed or not", async () => {
    const { app, taken } = world();
    expect((await ask(app, door)).status).toBe(door.done);
    const gzip = { body: gzipSync(door.body), headers: { "Content-Encoding": "gzip", "X-Tenant": "rook" } };
    expect((await ask(app, door, gzip)).status).toBe(door.done);
    expect(taken).toEqual([
      ["acme", "get"],
      ["acme", "get"],
    ]);
  });

  test.each([
    ["no credential", 401, { token: "" }, "no Authorization header: expected Bearer or Basic with a token"],
    ["an unknown one", 401, { token: "guess" }, "the token is not known, or no longer"],
    ["one that may only read", 403, { token: "out" }, "the credential has the scopes query: expected ingest"],
    ["a content type of something else", 415, { headers: { "Content-Type": "text/csv" } }, "text/csv"],
    [
      "an encoding of something else",
      415,
      { headers: { "Content-Encoding": "br" } },
      "Content-Encoding br: expected gzip",
    ],
    ["a body that is cut off", 400, { cut: true }, ""],
    ["a length beyond the ceiling", 413, { headers: { "Content-Length": "99999999999" } }, "body is larger than"],
    ["another method", 405, { method: "PUT" }, "PUT"],
  ])("answers %s with %i, in words and in its own shape", async (__, code, own: Ask & { cut?: boolean }, words) => {
    const { app, taken } = world();
    const body = own.cut ? door.body.subarray(0, door.body.length - 3) : door.body;
    const answer = await ask(app, door, { ...own, body });
    const text = await answer.text();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([code, door.errorType]);
    expect(door.message(text)).toContain(words);
    expect(door.message(text)).not.toBe("");
    expect(answer.headers.get("www-authenticate")).toBe(
      code === 401 ? 'Basic realm="skua", Bearer realm="skua"' : null,
    );
    expect(answer.headers.get("allow")).toBe(code === 405 ? "POST" : null);
    expect(taken).toEqual([]);
  });

  test.each([
    [429, new TracingError("throttled", "too much", { retryAfterSeconds: 7 }), "7"],
    [503, new TracingError("unavailable", "the stream is full", { retryAfterSeconds: 3 }), "3"],
    [500, new Error("a secret of ours"), null],
  ])("says %i and when to come back, and keeps to itself what went wrong inside", async (code, fault, retryAfter) => {
    const answer = await ask(world(fault as TracingError).app, door);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([code, retryAfter]);
    expect(await answer.text()).not.toContain("secret");
  });
});

test("gRPC-web is one door more on the same address", async () => {
  const { app, taken } = world();
  const answer = await app.request("/jaeger.api_v2.CollectorService/PostSpans", {
    method: "POST",
    headers: { "Content-Type": "application/grpc-web+proto" },
    body: grpcFrame(new Uint8Array(0)),
  });
  expect([answer.status, taken]).toEqual([200, []]);
  expect(readWebAnswer(new Uint8Array(await answer.arrayBuffer())).trailers["grpc-status"]).toBe("16");
});

test("a path that no door has is told in OTLP's words", async () => {
  const answer = await world().app.request("/v2/spans", { method: "POST" });
  expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: 5 })]);
});
