import { afterAll, beforeAll, expect, test } from "vitest";
import { search, until, wholeTrace } from "../support/otlp.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";
import { expectedSpan, type JaegerTrace, shownSpan } from "./shop/expected.ts";
import type { RecordedSpan } from "./shop/recorded.ts";
import { openShop } from "./shop/shop.ts";

const PURCHASES = 3;
/** HTTP server, work, HTTP client at the front; HTTP server, work, search, count behind it. */
const SPANS_PER_PURCHASE = 7;

const WAYS = [
  ["http/protobuf", "none"],
  ["http/protobuf", "gzip"],
  ["http/json", "none"],
  ["http/json", "gzip"],
  ["grpc", "none"],
  ["grpc", "gzip"],
] as const;

const folder = temporaryFolder();
let server: SkuaServer;
beforeAll(async () => {
  server = await startServer({ data: folder.path });
}, 30_000);
afterAll(async () => {
  await server.stop();
  folder.remove();
}, 30_000);

const bySpanId = <T extends { readonly spanID: string }>(spans: readonly T[]): readonly T[] =>
  [...spans].sort((a, b) => (a.spanID < b.spanID ? -1 : 1));

const shown = (trace: JaegerTrace) => bySpanId(trace.spans.map((span) => shownSpan(trace, span)));
const expected = (spans: readonly RecordedSpan[]) => bySpanId(spans.map(expectedSpan));

test.each(WAYS)(
  "what the JavaScript SDK sends by %s (compression: %s) is shown as it was recorded",
  async (protocol, compression) => {
    const shop = await openShop(protocol === "grpc" ? server.otlpGrpc : server.otlp, {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
    });
    const startMicros = Date.now() * 1_000;
    for (let n = 0; n < PURCHASES; n++) await shop.buy();
    const recorded = Map.groupBy(await shop.close(), (span) => span.traceId);
    expect(recorded.size).toBe(PURCHASES);

    for (const [id, spans] of recorded) {
      expect(spans.length).toBe(SPANS_PER_PURCHASE);
      expect(shown(await wholeTrace<JaegerTrace>(server.query, id, spans.length))).toEqual(expected(spans));
    }
    const found = await until(async () => {
      const traces = await search<JaegerTrace>(server.query, {
        service: "shelves",
        start: String(startMicros),
        limit: "20",
      });
      return traces.length === PURCHASES ? traces : undefined;
    }, `search with ${PURCHASES} traces`);
    for (const trace of found) expect(shown(trace)).toEqual(expected(recorded.get(trace.traceID) ?? []));
  },
);

test("both services and their operations are listed", async () => {
  const names = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${server.query}${path}`);
    return JSON.parse(await answer.text()).data;
  };
  expect(await names("/api/services")).toEqual(["counter", "shelves"]);
  expect(await names("/api/services/shelves/operations")).toEqual([
    "GET",
    "count",
    "search the shelf",
    "work for /shelf/7",
  ]);
});

test("who called whom is counted once a call, over all that was sent", async () => {
  const purchases = WAYS.length * PURCHASES;
  const expectedCalls = [
    { parent: "counter", child: "counter", callCount: 2 * purchases },
    { parent: "counter", child: "shelves", callCount: purchases },
    { parent: "shelves", child: "shelves", callCount: 3 * purchases },
  ];
  // It may trail by a few seconds.
  const shownCalls = await until(async () => {
    const { data } = JSON.parse(await (await fetch(`${server.query}/api/dependencies`)).text());
    return JSON.stringify(data) === JSON.stringify(expectedCalls) ? data : undefined;
  }, "graph with all calls");
  expect(shownCalls).toEqual(expectedCalls);
}, 20_000);
