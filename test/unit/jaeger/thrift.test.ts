import { describe, expect, test } from "vitest";
import { jaegerBatchToOtlp, jaegerEmitBatchToOtlp } from "../../../lib/jaeger/thrift/batch.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { decodeSpans } from "../../../lib/otlp/decode.ts";
import type { PlainSpan, PlainTag } from "../../support/jaeger-batches.ts";
import { shownAsJaeger } from "../../support/shown-as-jaeger.ts";
import { thriftBytes, thriftCallBytes } from "../../support/thrift-structs.ts";

const text = (key: string, vStr: string): PlainTag => ({ key, vType: 0, vStr });
const whole = (key: string, vLong: bigint): PlainTag => ({ key, vType: 3, vLong });
const flag = (key: string, vBool: boolean): PlainTag => ({ key, vType: 2, vBool });

const aSpan = (own: Partial<PlainSpan> = {}): PlainSpan => ({
  ...{ traceIdLow: 1n, traceIdHigh: 0n, spanId: 2n, parentSpanId: 0n, operationName: "op", flags: 1 },
  ...{ startTime: 1_790_000_000_000_000n, duration: 5n, ...own },
});

const process = { serviceName: "cart" };
const converted = (spans: readonly PlainSpan[], own: object = process) =>
  jaegerBatchToOtlp(thriftBytes("compact", "jaeger.Batch", { process: own, spans }), "compact");
const only = (span: PlainSpan, own?: object) => {
  const [found] = decodeSpans(converted([span], own), () => undefined);
  if (found === undefined) throw new Error("no span");
  return found;
};
const keys = (span: { readonly attributes: readonly { readonly key: string }[] }) =>
  span.attributes.map((attribute) => attribute.key);

describe("tags that OTLP has a place for", () => {
  const cases: [string, PlainTag[], { kind?: number; status?: [number, string]; left: string[] }][] = [
    ["error is a status", [flag("error", true)], { status: [2, ""], left: [] }],
    ["an error that is false is a tag", [flag("error", false)], { left: ["error"] }],
    ["an error in words is a tag", [text("error", "true")], { left: ["error"] }],
    [
      "the description goes with the error",
      [flag("error", true), text("otel.status_description", "boom"), text("otel.status_code", "OK")],
      { status: [2, "boom"], left: [] },
    ],
    [
      "without one HTTP's message does",
      [flag("error", true), text("http.status_message", "gone")],
      { status: [2, "gone"], left: ["http.status_message"] },
    ],
    ["a stated status counts", [text("otel.status_code", "ok")], { status: [1, ""], left: [] }],
    ["a status that nobody knows is a tag", [text("otel.status_code", "fine")], { left: ["otel.status_code"] }],
    ["a server error is an error", [whole("http.status_code", 503n)], { status: [2, ""], left: ["http.status_code"] }],
    [
      "what a server refuses is none of its errors",
      [text("span.kind", "server"), whole("http.status_code", 404n)],
      { kind: 2, left: ["http.status_code"] },
    ],
    [
      "what a client was refused is one",
      [text("span.kind", "client"), text("http.status_code", "404")],
      { kind: 3, status: [2, ""], left: ["http.status_code"] },
    ],
    ["a kind that nobody knows is a tag", [text("span.kind", "oracle")], { left: ["span.kind"] }],
    ["a kind that is a number is a tag", [whole("span.kind", 3n)], { left: ["span.kind"] }],
    [
      "of two the last counts",
      [text("span.kind", "server"), text("span.kind", "producer")],
      { kind: 4, left: ["span.kind"] },
    ],
  ];
  for (const [name, tags, { kind = 0, status = [0, ""], left }] of cases) {
    test(name, () => {
      const span = only(aSpan({ tags }));
      expect([span.kind, span.statusCode, span.statusMessage, keys(span)]).toEqual([kind, ...status, left]);
    });
  }

  test("scope and trace state leave the tags; a version alone does not", () => {
    const span = only(
      aSpan({
        tags: [text("otel.scope.name", "io.x"), text("otel.scope.version", "2"), text("w3c.tracestate", "a=b")],
      }),
    );
    expect([span.scope.name, span.scope.version, span.traceState, keys(span)]).toEqual(["io.x", "2", "a=b", []]);
    expect(keys(only(aSpan({ tags: [text("otel.scope.version", "2")] })))).toEqual(["otel.scope.version"]);
  });

  test("spans of two scopes stand in one resource", () => {
    const scoped = (name: string) => aSpan({ tags: [text("otel.scope.name", name)] });
    const spans = decodeSpans(converted([scoped("a"), scoped("b"), scoped("a")]), () => undefined);
    expect(spans.map((span) => span.scope.name)).toEqual(["a", "a", "b"]);
    expect(new Set(spans.map((span) => span.resource)).size).toBe(1);
  });
});

test("hostname and client version have OTLP's names, unless those are taken", () => {
  const tags = [text("hostname", "h1"), text("jaeger.version", "Go-2.30.0"), text("ip", "10.0.0.1")];
  const plain = only(aSpan(), { serviceName: "cart", tags }).resource.attributes;
  expect(plain.map(({ key, value }) => [key, value.type === "string" && value.value])).toEqual([
    ["service.name", "cart"],
    ["host.name", "h1"],
    ["opencensus.exporterversion", "Jaeger-Go-2.30.0"],
    ["ip", "10.0.0.1"],
  ]);
  const both = [text("hostname", "h1"), text("host.name", "h2")];
  expect(keys(only(aSpan(), { serviceName: "cart", tags: both }).resource)).toEqual([
    ...["service.name", "hostname", "host.name"],
  ]);
});

test("a log is named by its field event, unless there are several or it is no text", () => {
  const log = (...fields: PlainTag[]) => ({ timestamp: 1_790_000_000_000_001n, fields });
  const logs = [
    log(text("event", "retry"), whole("n", 2n)),
    log(text("event", "a"), text("event", "b")),
    log(whole("event", 7n)),
    log(),
  ];
  const span = only(aSpan({ logs }));
  expect(span.events.map((event) => [event.name, keys(event)])).toEqual([
    ["retry", ["n"]],
    ["", ["event", "event"]],
    ["", ["event"]],
    ["", []],
  ]);
});

test("the sampled flag is kept", () => {
  expect([0, 1, 2, 3].map((flags) => only(aSpan({ flags })).flags)).toEqual([0, 1, 0, 1]);
});

test("a tag of a type that nobody knows says so; a value that is missing is empty", () => {
  const tags = [
    { key: "new", vType: 9 },
    { key: "s", vType: 0 },
    { key: "n", vType: 3 },
    { key: "b", vType: 4 },
  ];
  expect(shownAsJaeger(converted([aSpan({ tags })]))[0].tags).toEqual([
    { key: "new", type: "string", value: "<Unknown Jaeger TagType 9>" },
    { key: "s", type: "string", value: "" },
    { key: "n", type: "int64", value: 0 },
    { key: "b", type: "binary", value: "" },
  ]);
});

test("text that is not UTF-8 stays the bytes it is", () => {
  const bytes = thriftBytes("binary", "jaeger.Batch", { process, spans: [aSpan({ tags: [text("k", "abcd")] })] });
  bytes.writeUInt8(0xff, bytes.indexOf("abcd"));
  const [shown] = shownAsJaeger(jaegerBatchToOtlp(bytes, "binary"));
  expect(shown.tags).toEqual([
    { key: "k", type: "binary", value: Buffer.from([0xff, 0x62, 0x63, 0x64]).toString("base64") },
  ]);
});

test("times that OTLP cannot hold end at its bounds", () => {
  const starts = [-5n, 2n ** 63n - 1n].map((startTime) => only(aSpan({ startTime })).startNanos);
  expect(starts).toEqual([0n, 2n ** 64n - 1n]);
});

test("a batch without spans is no bytes at all", () => {
  expect(converted([]).length).toBe(0);
});

describe("what is not a batch", () => {
  const refused = (bytes: Uint8Array, what: RegExp, encoding: "binary" | "compact" = "binary") => {
    const attempt = () => jaegerBatchToOtlp(bytes, encoding);
    expect(attempt).toThrow(what);
    expect(attempt).toThrow(TracingError);
  };

  test("names the field that is missing", () => {
    const { duration, ...lacking } = aSpan();
    refused(
      thriftBytes("binary", "jaeger.Batch", { process, spans: [lacking] }),
      /Span ends without duration \(field 9\)/,
    );
    refused(Buffer.from([0]), /Batch ends without process \(field 1\)/);
  });

  test("is refused for a length that lies, before anything is made of it", () => {
    refused(Buffer.from("0f00020c7fffffff00", "hex"), /at byte 3: 2147483647 elements are announced, 1 bytes are left/);
    refused(Buffer.from("0f00020cffffffff00", "hex"), /-1 elements are announced/);
    refused(Buffer.from("29fcffffffff0f", "hex"), /4294967295 elements are announced/, "compact");
    refused(Buffer.from("0b00637fffffff", "hex"), /2147483647 bytes are announced, 0 are left/);
  });

  test("is refused where structs nest without end", () => {
    refused(Buffer.from("0c0063".repeat(10_000), "hex"), /structs nest deeper than 32/);
    refused(Buffer.from("dc".repeat(10_000), "hex"), /structs nest deeper than 32/, "compact");
  });

  test("as a datagram is refused for its header", () => {
    const call = (bytes: string, protocol: "binary" | "compact") => () =>
      jaegerEmitBatchToOtlp(Buffer.from(bytes, "hex"), protocol);
    expect(call("80020001", "binary")).toThrow("malformed Thrift at byte 0: message version 0x8002: expected 0x8001");
    expect(call("0c", "compact")).toThrow("malformed Thrift at byte 0: message begins with 0xc: expected 0x82");
    expect(call("8202", "compact")).toThrow("malformed Thrift at byte 1: message version 2: expected 1");
    const other = thriftCallBytes("binary", "submitBatch", "jaeger.Batch", { process, spans: [] });
    expect(() => jaegerEmitBatchToOtlp(other, "binary")).toThrow('method "submitBatch": expected emitBatch');
  });
});
