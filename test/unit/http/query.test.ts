import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type QueryAppParts, queryApp } from "../../../lib/http/query.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { traceId } from "../../../lib/model/ids.ts";
import { aSpan, aTrace, attributes, idOf } from "../../support/a-trace.ts";
import { type Kept, keptTraces } from "../../support/kept-traces.ts";

const NOW = 1_700_000_000_000;

function open(kept: Kept = {}, more: Partial<QueryAppParts> = {}) {
  const faults: unknown[] = [];
  const store = keptTraces(kept);
  const tenantOf = (request: Pick<Request, "headers">) => request.headers.get("x-tenant") ?? "default";
  const app = queryApp({ store, clock: () => NOW, tenantOf, onFault: (error) => faults.push(error), ...more });
  const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
  return { app, store, asked: store.asked, faults, get };
}

const ONE = traceId("0af7651916cd43dd8448eb211c80319c");
const SHORT = traceId("00000000000000005b8aa5a2d2c872e8");
const one = aTrace(aSpan({ traceId: ONE }));
const short = aTrace(aSpan({ traceId: SHORT }));
const traceOf = (spans: number) =>
  aTrace(...Array.from({ length: spans }, (_, i) => aSpan({ spanId: idOf((i + 1).toString(16)), name: `span ${i}` })));
const error = (code: number, msg: string) =>
  `${JSON.stringify({ data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] })}\n`;

describe("lists", () => {
  test("services, with the envelope's five keys in Jaeger's order", async () => {
    const answer = await open({ services: ["cart", "wéb"] }).get("/api/services");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await answer.text()).toBe('{"data":["cart","wéb"],"total":2,"limit":0,"offset":0,"errors":null}');
  });

  test("no services are an empty list, never null", async () => {
    expect(await (await open().get("/api/services")).text()).toBe(
      '{"data":[],"total":0,"limit":0,"offset":0,"errors":null}',
    );
  });

  const operations = {
    "a/b c": [
      { name: "GET /", kind: 2 },
      { name: "GET /", kind: 3 },
      { name: "tick", kind: 0 },
    ],
  };

  test("operations of a service are names, each once", async () => {
    const answer = await open({ operations }).get("/api/services/a%2Fb%20c/operations");
    expect(await answer.json()).toMatchObject({ data: ["GET /", "tick"], total: 2 });
  });

  test.each(["a%2Fb%20c", "a%252Fb%2520c", "a%252Fb+c"])(
    "the service %s in a path is unescaped twice",
    async (escaped) => {
      const { get, asked } = open({ operations });
      await get(`/api/services/${escaped}/operations`);
      expect(asked.services).toEqual(["a/b c"]);
    },
  );

  test("operations with kinds, all or of one kind", async () => {
    const { get } = open({ operations });
    expect(await (await get("/api/operations?service=a/b%20c")).json()).toMatchObject({
      data: [
        { name: "GET /", spanKind: "server" },
        { name: "GET /", spanKind: "client" },
        { name: "tick", spanKind: "" },
      ],
      total: 3,
    });
    expect(await (await get("/api/operations?service=a/b%20c&spanKind=client")).json()).toMatchObject({
      data: [{ name: "GET /", spanKind: "client" }],
    });
  });

  test("operations of no service are the client's fault, told as text that is JSON", async () => {
    const answer = await open().get("/api/operations");
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await answer.text()).toBe(error(400, "parameter 'service' is required"));
  });
});

describe("a trace by id", () => {
  test.each(["0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319C", "CvdlGRbNQ92ESOshHIAxnA=="])(
    "is found as %s",
    async (id) => {
      const answer = await open({ traces: [short, one] }).get(`/api/traces/${encodeURIComponent(id)}`);
      const { data, ...rest } = (await answer.json()) as { data: { traceID: string }[] };
      expect(data.map((trace) => trace.traceID)).toEqual([ONE]);
      expect(rest).toEqual({ total: 0, limit: 0, offset: 0, errors: null });
    },
  );

  test("is found by a short id, and shows it short", async () => {
    const answer = await open({ traces: [short] }).get("/api/traces/5b8aa5a2d2c872e8");
    expect(await answer.json()).toMatchObject({ data: [{ traceID: "5b8aa5a2d2c872e8" }] });
  });

  test("that is not there is 404", async () => {
    const answer = await open().get("/api/traces/1");
    expect([answer.status, await answer.text()]).toEqual([404, error(404, "trace not found")]);
  });

  test("whose id is too long is 400", async () => {
    const answer = await open().get(`/api/traces/${"a".repeat(33)}`);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      error(400, "TraceID cannot be longer than 32 hex characters"),
    ]);
  });

  test("is adjusted unless raw, and looked for near the hint", async () => {
    const own = aTrace(aSpan({ parentSpanId: idOf("a"), attributes: attributes({ z: 1n, a: 2n }) }));
    const { get, asked } = open({ traces: [own] });
    const read = async (query: string) => {
      const { data } = (await (await get(`/api/traces/${ONE}${query}`)).json()) as {
        data: { spans: { references: unknown[]; tags: { key: string }[] }[] }[];
      };
      const span = data[0]?.spans[0];
      return [span?.references.length, span?.tags.map((tag) => tag.key).join()];
    };
    expect(await read("?start=1700000000000000&end=1700000001000000")).toEqual([0, "a,z"]);
    expect(await read("?raw=true")).toEqual([1, "z,a"]);
    expect(asked.hints).toEqual([
      { startNanos: 1_700_000_000_000_000_000n, endNanos: 1_700_000_001_000_000_999n },
      { startNanos: undefined, endNanos: undefined },
    ]);
  });

  test("that is larger than can be shown is cut, and says so", async () => {
    const settings = { maxClockSkewNanos: 0n, maxTraceSpans: 3 };
    const answer = await open({ traces: [traceOf(5)] }, { settings }).get(`/api/traces/${ONE}`);
    const { data } = (await answer.json()) as { data: { spans: unknown[]; warnings: string[] }[] };
    expect(data[0]?.spans.length).toBe(3);
    expect(data[0]?.warnings).toEqual(["trace has more than 3 spans, showing first 3 spans only"]);
  });
});

describe("a search", () => {
  test("answers whole traces, total 0, and asks the store as the caller asked", async () => {
    const { get, asked } = open({ traces: [one, short] });
    const answer = await get('/api/traces?service=web&limit=1&tags={"a":"1"}', { "x-tenant": "acme" });
    expect(await answer.json()).toMatchObject({
      data: [{ traceID: ONE }],
      total: 0,
      limit: 0,
      offset: 0,
      errors: null,
    });
    expect(asked.queries).toMatchObject([{ service: "web", limit: 1, tags: [{ key: "a", value: "1" }] }]);
    expect([...asked.tenants]).toEqual(["acme"]);
  });

  test("without a service and without a hit is an empty list", async () => {
    const answer = await open().get("/api/traces");
    expect([answer.status, await answer.text()]).toEqual([
      200,
      '{"data":[],"total":0,"limit":0,"offset":0,"errors":null}',
    ]);
  });

  test("that ended early says so beside what it found", async () => {
    const answer = await open({ traces: [one], isComplete: false }).get("/api/traces");
    const { data, errors } = (await answer.json()) as { data: unknown[]; errors: { msg: string }[] };
    expect([answer.status, data.length, errors.length]).toEqual([200, 1, 1]);
    expect(errors[0]?.msg).toMatch(/^the search is incomplete: /);
  });

  test("that goes on says with what, and hands it to the store when it comes back", async () => {
    const { get, asked } = open({ traces: [one], nextPageToken: "more-1_" });
    const first = (await (await get("/api/traces?limit=1")).json()) as Record<string, unknown>;
    expect(Object.keys(first)).toEqual(["data", "total", "limit", "offset", "errors", "nextPageToken"]);
    expect(first.nextPageToken).toBe("more-1_");
    await get("/api/traces?limit=1&pageToken=more-1_");
    expect(asked.pageTokens).toEqual([undefined, "more-1_"]);
  });

  test("whose page token is not one is the client's fault", async () => {
    const fault = { at: 0, error: new TracingError("invalid_argument", "page token: expected another") };
    const answer = await open({ traces: [one], fault }).get("/api/traces?pageToken=1");
    expect([answer.status, await answer.text()]).toEqual([400, error(400, "page token: expected another")]);
  });

  test("for ids answers those that are there and names those that are not", async () => {
    const answer = await open({ traces: [one, short] }).get(
      `/api/traces?traceID=5b8aa5a2d2c872e8&traceID=77&traceID=${ONE}`,
    );
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      data: [{ traceID: "5b8aa5a2d2c872e8" }, { traceID: ONE }],
      errors: [{ msg: "trace not found", traceID: "0000000000000077" }],
    });
  });

  test("for ids that ended early says so, and says of none that it is not there", async () => {
    const answer = await open({ traces: [one], isComplete: false }).get(`/api/traces?traceID=77&traceID=${ONE}`);
    const { data, errors } = (await answer.json()) as { data: unknown[]; errors: { msg: string }[] };
    expect([answer.status, data.length, errors.length]).toEqual([200, 1, 1]);
    expect(errors[0]?.msg).toMatch(/^not all of the traces were read /);
  });

  test("that cannot be read is 400 with the reason", async () => {
    const answer = await open().get("/api/traces?service=web&tag=nocolon");
    const message = "malformed 'tag' parameter, expecting key:value, received: nocolon";
    expect([answer.status, await answer.text()]).toEqual([400, error(400, message)]);
  });

  test("reads traces only as fast as they are taken, and stops when the reader leaves", async () => {
    const traces = Array.from({ length: 50 }, () => traceOf(500));
    const { get, asked } = open({ traces });
    const reader = (await get("/api/traces?limit=50")).body?.getReader();
    await reader?.read();
    expect(asked.given).toBeLessThan(10);
    await reader?.cancel();
    expect(asked.given).toBeLessThan(10);
    await expect.poll(() => asked.ended).toBe(1);
  });
});

test("a search that is only asked for its head is left at once", async () => {
  const { app, asked } = open({ traces: [traceOf(100), one] });
  await app.request("/api/traces", { method: "HEAD" });
  expect([asked.given, asked.ended]).toEqual([1, 1]);
});

describe("faults", () => {
  const busy = new TracingError("throttled", "too many reads", { retryAfterSeconds: 3 });

  test("before the first byte are a status; what is not the client's is reported, and its cause kept in", async () => {
    const { get, faults } = open({ fault: { at: 0, error: new Error("secret") } });
    for (const path of ["/api/services", "/api/traces", `/api/traces/${ONE}`]) {
      const answer = await get(path);
      expect([answer.status, await answer.text()]).toEqual([500, error(500, "internal error")]);
    }
    expect(faults.length).toBe(3);
  });

  test("that pass say when to come back", async () => {
    const answer = await open({ fault: { at: 0, error: busy } }).get("/api/traces");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await answer.text()).toBe(error(429, "too many reads"));
  });

  test.each([1, 2])("after %i traces end the answer as JSON that says so", async (at) => {
    const { get, faults } = open({ traces: [one, short], fault: { at, error: busy } });
    const answer = await get("/api/traces");
    expect(answer.status).toBe(200);
    const { data, errors } = (await answer.json()) as { data: unknown[]; errors: unknown };
    expect(data.length).toBe(at);
    expect(errors).toEqual([{ code: 429, msg: "the answer ends early: too many reads" }]);
    expect(faults).toEqual([busy]);
  });
});

describe("the frame", () => {
  test.each([
    ["GET", "/api/nothing"],
    ["GET", "/api"],
    ["GET", "/api/traces/1/2"],
    ["POST", "/api/traces"],
    ["DELETE", "/api/services"],
    ["GET", "/nothing"],
  ])("%s %s is Jaeger's 404", async (method, path) => {
    const answer = await open().app.request(path, { method });
    expect([answer.status, await answer.text()]).toEqual([404, "404 page not found\n"]);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("HEAD has the headers and no body; OPTIONS says what there is", async () => {
    const { app } = open({ services: ["a"], traces: [traceOf(100)] });
    for (const path of ["/api/services", "/api/traces", `/api/traces/${ONE}`, "/"]) {
      const head = await app.request(path, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([200, ""]);
    }
    const options = await app.request("/api/traces", { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  });

  test("prettyPrint indents by four spaces, unless it is false", async () => {
    const { get } = open({ services: ["a"], traces: [traceOf(100)] });
    expect(await (await get("/api/services?prettyPrint=true")).text()).toBe(
      JSON.stringify({ data: ["a"], total: 1, limit: 0, offset: 0, errors: null }, null, 4),
    );
    expect(await (await get("/api/services?prettyPrint=false")).text()).not.toContain("\n");
    const plain = await (await get("/api/traces")).json();
    expect(await (await get("/api/traces?prettyPrint=1")).text()).toBe(JSON.stringify(plain, null, 4));
  });

  test("a base path stands before everything", async () => {
    const { get } = open({ services: ["a"] }, { basePath: "/jaeger" });
    expect((await get("/jaeger/api/services")).status).toBe(200);
    expect([(await get("/jaeger")).status, (await get("/jaeger/")).status]).toEqual([200, 200]);
    expect([(await get("/api/services")).status, (await get("/")).status]).toEqual([404, 404]);
  });

  test.each(["jaeger", "/a/", "//a", "/a/../b", "/./a", "/a b"])("the base path %s is refused", (basePath) => {
    expect(() => open({}, { basePath })).toThrow("base path");
  });

  test.each([
    ["gzip", "gzip", gunzipSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
    ["gzip, deflate, br, zstd", "zstd", zstdDecompressSync],
    ["zstd;q=0, gzip;q=0.5", "gzip", gunzipSync],
  ] as const)("Accept-Encoding %s gets %s", async (accepted, coding, decompress) => {
    const { get } = open({ traces: [traceOf(2000), short] });
    const plain = Buffer.from(await (await get("/api/traces")).arrayBuffer());
    const answer = await get("/api/traces", { "accept-encoding": accepted });
    expect([answer.headers.get("content-encoding"), answer.headers.get("vary")]).toEqual([coding, "Accept-Encoding"]);
    const body = Buffer.from(await answer.arrayBuffer());
    expect(body.length).toBeLessThan(plain.length / 10);
    expect(decompress(body).equals(plain)).toBe(true);
  });

  test("who accepts none, and what is short, is sent as it is", async () => {
    const { get } = open({ services: ["a"], traces: [traceOf(2000)] });
    for (const accepted of ["", "identity", "deflate", "gzip;q=0"]) {
      expect((await get("/api/traces", { "accept-encoding": accepted })).headers.get("content-encoding")).toBeNull();
    }
    expect((await get("/api/services", { "accept-encoding": "gzip" })).headers.get("content-encoding")).toBeNull();
  });

  test("a compressed answer that fails in the middle is whole JSON too", async () => {
    const traces = [traceOf(2000), short];
    const { get } = open({ traces, fault: { at: 1, error: new Error("secret") } });
    const answer = await get("/api/traces", { "accept-encoding": "gzip" });
    const { data, errors } = JSON.parse(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString());
    expect([data.length, errors]).toEqual([1, [{ code: 500, msg: "the answer ends early: internal error" }]]);
  });
});
