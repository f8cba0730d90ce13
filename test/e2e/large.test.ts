import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { opentelemetry } from "../../proto/gen/index.js";
import { lately, newTraceId, post, wholeTrace } from "../support/otlp.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const folder = temporaryFolder();
let server: SkuaServer;
beforeAll(async () => {
  server = await startServer({ data: folder.path });
}, 30_000);
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  folder.remove();
}, 30_000);

const PROTOBUF = { "Content-Type": "application/x-protobuf" };

function request(spans: readonly { traceId: string; spanId: string; note: string }[]): Uint8Array<ArrayBuffer> {
  const now = Date.now() * 1e6;
  return new Uint8Array(
    ExportTraceServiceRequest.encode(
      ExportTraceServiceRequest.fromObject({
        resourceSpans: [
          {
            resource: { attributes: [{ key: "service.name", value: { stringValue: "giant" } }] },
            scopeSpans: [
              {
                spans: spans.map(({ traceId, spanId, note }) => ({
                  traceId: Buffer.from(traceId, "hex"),
                  spanId: Buffer.from(spanId, "hex"),
                  name: "part",
                  kind: 1,
                  startTimeUnixNano: now,
                  endTimeUnixNano: now + 1_000_000,
                  attributes: [{ key: "note", value: { stringValue: note } }],
                })),
              },
            ],
          },
        ],
      }),
    ).finish(),
  );
}

const spanIds = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => (n + 1).toString(16).padStart(16, "0"));

test("a trace of 50,000 spans comes back whole", async () => {
  const traceId = newTraceId();
  const ids = spanIds(50_000);
  const body = request(ids.map((spanId) => ({ traceId, spanId, note: `span ${spanId}` })));
  expect(await post(server.otlp, body, PROTOBUF)).toMatchObject({ status: 200 });
  const trace = await wholeTrace(server.query, traceId, ids.length);
  expect(trace.spans.map((span) => span.spanID).sort()).toEqual(ids);
}, 120_000);

test.each(["identity", "gzip"])(
  "a request of 20 MB (Content-Encoding: %s) is taken, every trace of it",
  async (encoding) => {
    const traces = Array.from({ length: 40 }, newTraceId);
    const ids = spanIds(280);
    // Text that does not compress, so that records fill up by what they hold.
    const note = (): string =>
      randomBytes(960)
        .toString("latin1")
        .replace(/[^ -~]/g, "x");
    const body = request(
      traces.flatMap((traceId) => ids.map((spanId) => ({ traceId, spanId, note: note() + note() }))),
    );
    expect(body.length).toBeGreaterThan(20e6);
    const sent = encoding === "gzip" ? new Uint8Array(gzipSync(body, { level: 1 })) : body;
    expect(await post(server.otlp, sent, { ...PROTOBUF, "Content-Encoding": encoding })).toMatchObject({ status: 200 });
    for (const id of traces) {
      const trace = await wholeTrace(server.query, id, ids.length, lately());
      expect(trace.spans.map((span) => span.spanID).sort()).toEqual(ids);
    }
  },
  120_000,
);
