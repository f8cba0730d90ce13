import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type QueryAppParts, queryApp } from "../../../lib/http/query.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { traceId } from "../../../lib/model/ids.ts";
import { aSpan, aTrace, attributes, idOf } from "../../support/a-trace.ts";
import { type Kept, keptTraces } from "../../support/kept-traces.ts";

function open(kept: Kept = {}, more: Partial<QueryAppParts> = {}) {
  const faults: unknown[] = [];
  const store = keptTraces(kept);
  const tenantOf = (request: Pick<Request, "headers">) => request.headers.get("x-tenant") ?? "default";
  const onFault = (error: unknown) => faults.push(error);
  const app = queryApp({ store, clock: () => 1_700_000_000_000, tenantOf, onFault, ...more });
  const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
  return { app, asked: store.asked, faults, get };
}

const ONE = traceId("0af7651916cd43dd8448eb211c80319c");
const SHORT = traceId("00000000000000005b8aa5a2d2c872e8");
const one = aTrace(aSpan({ traceId: ONE }));
const short = aTrace(aSpan({ traceId: SHORT }));
const traceOf = (spans: number) =>
  aTrace(...Array.from({ length: spans }, (_, i) => aSpan({ spanId: idOf((i + 1).toString(16)), name: `span ${i}` })));

const WINDOW = "query.startTimeMin=2023-11-14T22:13:20Z&query.startTimeMax=2023-11-14T23:13:20Z";
const FIND = `/api/v3/traces?${WINDOW}`;
const SUMMARIES = `/api/v3/trace-summaries?${WINDOW}`;
const error = (httpCode: number, message: string) => `${JSON.stringify({ error: { httpCode, message } })}\n`;

interface Result {
  readonly result: {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly ShownSpan[] }[] }[];
  };
  readonly warnings?: readonly string[];
  readonly error?: unknown;
}
interface ShownSpan {
  readonly traceId: string;
  readonly attributes?: readonly { readonly key: string; readonly value: unknown }[];
}
const spansOf = ({ result }: Result): ShownSpan[] =>
  result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

describe("lists", () => {
  test("services, none as an empty array", async () => {
    const answer = await open({ services: ["cart", "wéb"] }).get("/api/v3/services");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await answer.text()).toBe('{"services":["cart","wéb"]}');
    expect(await (await open().get("/api/v3/services")).text()).toBe('{"services":[]}');
  });

  const operations = {
    "a/b c": [
      { name: "GET /", kind: 2 },
      { name: "GET /", kind: 3 },
      { name: "tick", kind: 0 },
      { name: "tick", kind: 1 },
      { name: "tock", kind: 0 },
    ],
  };

  test.each([
    ["", "GET /:server, GET /:client, tick:internal, tock:internal"],
    ["&spanKind=client", "GET /:client"],
    ["&span_kind=internal", "tick:internal, tock:internal"],
    ["&spanKind=&span_kind=server", "GET /:server"],
    ["&spanKind=nonsense", ""],
  ])("operations%s, those without a kind as internal and each once", async (kind, expected) => {
    const answer = await open({ operations }).get(`/api/v3/operations?service=a/b%20c${kind}`);
    const { operations: shown } = (await answer.json()) as { operations: { name: string; spanKind: string }[] };
    expect(shown.map(({ name, spanKind }) => `${name}:${spanKind}`).join(", ")).toBe(expected);
  });

  test("operations of no service are none", async () => {
    const answer = await open({ operations }).get("/api/v3/operations");
    expect([answer.status, await answer.text()]).toEqual([200, '{"operations":[]}']);
  });
});

describe("attributes", () => {
  const named = (key: string, ...values: string[]) => ({ key, types: ["string"], levels: ["span"], values });
  const attributes = [named("http.method", "GET", "POST"), named("a/b", "1", "12", "2")];

  test("are keys with their types and where they stand", async () => {
    const { get, asked } = open({ attributes });
    expect(await (await get("/api/v3/attributes?service=cart")).text()).toBe(
      '{"attributes":[{"key":"http.method","types":["string"],"levels":["span"]},{"key":"a/b","types":["string"],"levels":["span"]}]}',
    );
    expect(asked.services).toEqual(["cart"]);
  });

  test.each([
    ["http.method/values", ["GET", "POST"]],
    ["http.method/values?service=cart&prefix=P", ["POST"]],
    ["a%2Fb/values?prefix=1", ["1", "12"]],
    ["none/values", []],
  ])("offer values: %s", async (path, values) => {
    const answer = await open({ attributes }).get(`/api/v3/attributes/${path}`);
    expect([answer.status, await answer.json()]).toEqual([200, { values }]);
  });
});

describe("a trace by id", () => {
  test.each(["5b8aa5a2d2c872e8", "5B8AA5A2D2C872E8", SHORT])("is found as %s and shown with 32 digits", async (id) => {
    const answer = await open({ traces: [one, short] }).get(`/api/v3/traces/${id}`);
    expect(spansOf((await answer.json()) as Result).map((span) => span.traceId)).toEqual([SHORT]);
  });

  test("that is not there is 404", async () => {
    const answer = await open().get("/api/v3/traces/1");
    expect([answer.status, await answer.text()]).toEqual([404, error(404, "No traces found")]);
  });

  test("is adjusted unless raw, and looked for near the hint", async () => {
    const own = aTrace(aSpan({ attributes: attributes({ z: 1n, a: 2n }) }));
    const { get, asked } = open({ traces: [own] });
    const read = async (query: string) => {
      const answer = (await (await get(`/api/v3/traces/${ONE}${query}`)).json()) as Result;
      return spansOf(answer)[0]?.attributes?.map(({ key }) => key);
    };
    expect(await read("?startTime=2023-11-14T22:13:20Z&end_time=2023-11-14T22:13:21.000000001Z")).toEqual(["a", "z"]);
    expect(await read("?rawTraces=true")).toEqual(["z", "a"]);
    expect(asked.hints).toEqual([
      { startNanos: 1_700_000_000_000_000_000n, endNanos: 1_700_000_001_000_000_001n },
      { startNanos: undefined, endNanos: undefined },
    ]);
  });

  test("carries its warnings and its spans' in Jaeger's attribute, after those that were sent", async () => {
    const sent = { type: "array" as const, values: [{ type: "string" as const, value: "sent" }] };
    const spans = [
      aSpan({ spanId: idOf("1"), attributes: [{ key: "@jaeger@warnings", value: sent }], warnings: ["own"] }),
      aSpan({ spanId: idOf("2"), attributes: attributes({ a: "b" }), warnings: ["other"] }),
      aSpan({ spanId: idOf("3") }),
      aSpan({ spanId: idOf("4") }),
    ];
    const trace = { ...aTrace(...spans), warnings: ["about the trace"] };
    const settings = { maxClockSkewNanos: 0n, maxTraceSpans: 3 };
    const answer = await open({ traces: [trace] }, { settings }).get(`/api/v3/traces/${ONE}`);
    const cut = "trace has more than 3 spans, showing first 3 spans only";
    const warnings = (...texts: string[]) => ({
      key: "@jaeger@warnings",
      value: { arrayValue: { values: texts.map((stringValue) => ({ stringValue })) } },
    });
    expect(spansOf((await answer.json()) as Result).map((span) => span.attributes)).toEqual([
      [warnings("sent", "about the trace", cut, "own")],
      [{ key: "a", value: { stringValue: "b" } }, warnings("other")],
      undefined,
    ]);
  });
});

describe("a search", () => {
  test("answers all traces as one object, and asks the store as the caller asked", async () => {
    const { get, asked } = open({ traces: [one, short, one] });
    const parameters = '&query.serviceName=web&query.searchDepth=2&query.attributes={"a":"1"}';
    const answer = (await (await get(FIND + parameters, { "x-tenant": "acme" })).json()) as Result;
    expect(Object.keys(answer)).toEqual(["result"]);
    expect(spansOf(answer).map((span) => span.traceId)).toEqual([ONE, SHORT]);
    expect(asked.queries).toMatchObject([{ service: "web", limit: 2, tags: [{ key: "a", value: "1" }] }]);
    expect([...asked.tenants]).toEqual(["acme"]);
  });

  test("without a hit is 404, and says when it did not see everything", async () => {
    const none = await open().get(FIND);
    expect([none.status, await none.text()]).toEqual([404, error(404, "No traces found")]);
    const { get, asked } = open({ isComplete: false });
    const { error: fault } = (await (await get(FIND)).json()) as { error: { message: string } };
    expect(fault.message).toMatch(/^No traces found; the search is incomplete: /);
    expect(asked.ended).toBe(1);
  });

  test.each([FIND, SUMMARIES])(
    "that goes on says with what, and hands it to the store when it comes back: %s",
    async (path) => {
      const { get, asked } = open({ traces: [one], nextPageToken: "more-1_" });
      const first = (await (await get(path)).json()) as Record<string, unknown>;
      expect(Object.keys(first)).toEqual([path === FIND ? "result" : "summaries", "nextPageToken"]);
      expect(first.nextPageToken).toBe("more-1_");
      await get(`${path}&query.pageToken=more-1_`);
      await get(`${path}&query.page_token=more-2`);
      await get(`${path}&pageToken=more-3`);
      await get(`${path}&page_token=more-4`);
      expect(asked.pageTokens).toEqual([undefined, "more-1_", "more-2", "more-3", "more-4"]);
    },
  );

  test("whose later page has no traces is not 404: those before it had", async () => {
    const answer = await open().get(`${FIND}&query.pageToken=more`);
    expect([answer.status, await answer.text()]).toEqual([200, '{"result":{"resourceSpans":[]}}']);
  });

  test("that found nothing so far, and can go on, says so instead of 404", async () => {
    const answer = await open({ isComplete: false, nextPageToken: "more" }).get(FIND);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        result: { resourceSpans: [] },
        warnings: [expect.stringMatching(/^the search is incomplete: /)],
        nextPageToken: "more",
      },
    ]);
  });

  test.each([FIND, SUMMARIES])("whose page token is not one is the client's fault: %s", async (path) => {
    const fault = { at: 0, error: new TracingError("invalid_argument", "page token: expected another") };
    const answer = await open({ traces: [one], fault }).get(`${path}&query.pageToken=1`);
    expect([answer.status, await answer.text()]).toEqual([400, error(400, "page token: expected another")]);
  });

  test("that ended early says so beside what it found", async () => {
    const answer = (await (await open({ traces: [one], isComplete: false }).get(FIND)).json()) as Result;
    expect([spansOf(answer).length, answer.warnings?.length]).toEqual([1, 1]);
    expect(answer.warnings?.[0]).toMatch(/^the search is incomplete: /);
  });

  test("reads traces only as fast as they are taken, and stops when the reader leaves", async () => {
    const { get, asked } = open({ traces: Array.from({ length: 50 }, () => traceOf(500)) });
    const reader = (await get(FIND)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(asked.given).toBeLessThan(10);
    await expect.poll(() => asked.ended).toBe(1);
  });

  test("prettyPrint and compression work as everywhere", async () => {
    const { get } = open({ traces: [traceOf(200), short] });
    const plain = await (await get(FIND)).json();
    expect(await (await get(`${FIND}&prettyPrint=true`)).text()).toBe(JSON.stringify(plain, null, 4));
    const packed = await (await get(FIND, { "accept-encoding": "gzip" })).arrayBuffer();
    expect(JSON.parse(gunzipSync(Buffer.from(packed)).toString())).toEqual(plain);
  });
});

describe("summaries", () => {
  test("without a hit are an empty list and 200", async () => {
    const answer = await open().get(SUMMARIES);
    expect([answer.status, await answer.text()]).toEqual([200, '{"summaries":[]}']);
  });

  test("have every field, zeros too, in Jaeger's order", async () => {
    const answer = await open({ traces: [short] }).get(SUMMARIES);
    expect(await answer.text()).toBe(
      `{"summaries":[{"traceId":"${SHORT}","rootServiceName":"web","rootOperationName":"GET /",` +
        '"minStartTimeUnixNano":"1700000000000000000","maxEndTimeUnixNano":"1700000000001000000",' +
        '"spanCount":1,"errorSpanCount":0,"orphanSpanCount":0,' +
        '"services":[{"name":"web","spanCount":1,"errorSpanCount":0}]}]}',
    );
  });

  test("of a search that ended early say so", async () => {
    const answer = await (await open({ traces: [one, short], isComplete: false }).get(SUMMARIES)).json();
    expect(answer).toMatchObject({
      summaries: [{ traceId: ONE }, { traceId: SHORT }],
      warnings: [expect.stringMatching(/^the search is incomplete: /)],
    });
  });

  test("that fail half-way are a status, for the UI looks at nothing else", async () => {
    const { get, faults } = open({ traces: [one, short], fault: { at: 1, error: new Error("secret") } });
    const answer = await get(SUMMARIES);
    expect([answer.status, await answer.text()]).toEqual([500, error(500, "internal error")]);
    expect(faults.length).toBe(1);
  });
});

describe("errors", () => {
  const required = "query.startTimeMin and query.startTimeMax are required";
  test.each([
    ["/api/v3/traces", 400, required],
    ["/api/v3/trace-summaries", 400, required],
    [`${FIND}&query.durationMin=1`, 400, 'malformed parameter query.durationMin: time: invalid duration "1"'],
    [`${SUMMARIES}&query.filter={}`, 400, "malformed parameter query.filter: structured filters are not supported"],
    [
      `/api/v3/traces/${"a".repeat(33)}`,
      400,
      "malformed parameter trace_id: TraceID cannot be longer than 32 hex characters",
    ],
    [FIND, 404, "No traces found"],
  ])("%s is %i, as JSON labelled as text", async (path, status, message) => {
    const answer = await open().get(path);
    expect([answer.status, await answer.text()]).toEqual([status, error(status, message)]);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  const busy = new TracingError("throttled", "too many reads", { retryAfterSeconds: 3 });

  test("that pass say when to come back", async () => {
    const { get } = open({ fault: { at: 0, error: busy } });
    for (const path of ["/api/v3/services", FIND, SUMMARIES, `/api/v3/traces/${ONE}`]) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "3"]);
      expect(await answer.text()).toBe(error(429, "too many reads"));
    }
  });

  test.each([1, 2])("after %i traces end the answer as JSON that says so", async (at) => {
    const { get, faults } = open({ traces: [one, short], fault: { at, error: busy } });
    const answer = await get(FIND);
    const body = (await answer.json()) as Result;
    expect([answer.status, spansOf(body).length]).toEqual([200, at]);
    expect(body.error).toEqual({ httpCode: 429, message: "the answer ends early: too many reads" });
    expect(faults).toEqual([busy]);
  });

  test.each([
    ["GET", "/api/v3"],
    ["GET", "/api/v3/nothing"],
    ["GET", "/api/v3/traces/1/2"],
    ["POST", "/api/v3/traces"],
  ])("%s %s is Jaeger's 404", async (method, path) => {
    const answer = await open().app.request(path, { method });
    expect([answer.status, await answer.text()]).toEqual([404, "404 page not found\n"]);
  });

  test("HEAD has no body, OPTIONS says what there is, and a base path stands before", async () => {
    const { app, asked } = open({ traces: [traceOf(100), one] }, { basePath: "/jaeger" });
    const head = await app.request(`/jaeger${FIND}`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect([asked.given, asked.ended]).toEqual([1, 1]);
    const options = await app.request("/jaeger/api/v3/traces", { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  });
});
