import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { decodeSpans } from "../../../lib/otlp/decode.ts";
import { zipkinV2JsonToOtlp } from "../../../lib/zipkin/v2-json.ts";
import { zipkinV2ProtoToOtlp } from "../../../lib/zipkin/v2-proto.ts";
import { listOfSpans } from "../../support/foreign-proto.ts";
import { shownAsJaeger } from "../../support/shown-as-jaeger.ts";

const json = (...spans: unknown[]) => zipkinV2JsonToOtlp(Buffer.from(JSON.stringify(spans)));
const proto = (...spans: object[]) =>
  zipkinV2ProtoToOtlp(listOfSpans.encode(listOfSpans.fromObject({ spans })).finish());
const ids = { traceId: "5af7183fb1d4cf5f", id: "352bff9a74ca9ad2" };
const only = (own: object) => decodeSpans(json({ ...ids, timestamp: 1, duration: 2, ...own }), () => undefined)[0];

/** What both of the next two spans are. */
const expected = {
  traceID: "5af7183fb1d4cf5f6b221d5bc9e6496c",
  spanID: "352bff9a74ca9ad2",
  operationName: "get /api",
  references: [{ refType: "CHILD_OF", traceID: "5af7183fb1d4cf5f6b221d5bc9e6496c", spanID: "6b221d5bc9e6496c" }],
  startTime: 1_556_604_172_355_737,
  duration: 1431,
  tags: [
    { key: "http.method", type: "string", value: "GET" },
    { key: "http.path", type: "string", value: "/api" },
    { key: "net.host.ip", type: "string", value: "192.168.99.1" },
    { key: "net.host.port", type: "int64", value: 3306 },
    { key: "peer.service", type: "string", value: "frontend" },
    { key: "net.peer.ip", type: "string", value: "2001:db8::c001" },
    { key: "net.peer.port", type: "int64", value: 63_840 },
    { key: "span.kind", type: "string", value: "server" },
    { key: "otel.status_code", type: "string", value: "ERROR" },
    { key: "error", type: "bool", value: true },
  ],
  logs: [{ timestamp: 1_556_604_172_355_800, fields: [{ key: "event", type: "string", value: "ws" }] }],
  process: { serviceName: "backend", tags: [] },
  warnings: null,
};

test("a span in JSON is shown with its endpoints, kind, status and events", () => {
  const span = {
    ...{ traceId: expected.traceID, parentId: "6b221d5bc9e6496c", id: expected.spanID, kind: "SERVER" },
    ...{ name: "get /api", timestamp: expected.startTime, duration: 1431 },
    localEndpoint: { serviceName: "backend", ipv4: "192.168.99.1", port: 3306 },
    remoteEndpoint: { serviceName: "frontend", ipv6: "2001:db8::c001", port: 63_840 },
    annotations: [{ timestamp: 1_556_604_172_355_800, value: "ws" }],
    tags: { "http.method": "GET", "http.path": "/api", error: "true" },
    shared: true,
  };
  expect(shownAsJaeger(json(span))).toEqual([expected]);
});

test("the same span in protobuf is shown alike", () => {
  const span = {
    trace_id: Buffer.from(expected.traceID, "hex"),
    parent_id: Buffer.from("6b221d5bc9e6496c", "hex"),
    id: Buffer.from(expected.spanID, "hex"),
    ...{ kind: "SERVER", name: "get /api", timestamp: expected.startTime, duration: 1431, shared: true },
    local_endpoint: { service_name: "backend", ipv4: Buffer.from([192, 168, 99, 1]), port: 3306 },
    remote_endpoint: {
      service_name: "frontend",
      ipv6: Buffer.from("20010db800000000000000000000c001", "hex"),
      port: 63_840,
    },
    annotations: [{ timestamp: 1_556_604_172_355_800, value: "ws" }],
    tags: { "http.method": "GET", "http.path": "/api", error: "true" },
  };
  expect(shownAsJaeger(proto(span))).toEqual([expected]);
});

test("ids are short or long, of either case; a parent that is the span itself is none", () => {
  const spans = json({ traceId: "ABC", id: "D", parentId: "d" }, { traceId: "F".repeat(32), id: "1", parentId: "2" });
  const shown = decodeSpans(spans, () => 5n).map((span) => [span.traceId, span.spanId, span.parentSpanId]);
  expect(shown).toEqual([
    [`${"0".repeat(29)}abc`, "000000000000000d", undefined],
    ["f".repeat(32), "0000000000000001", "0000000000000002"],
  ]);
  const half = { trace_id: Buffer.alloc(8, 7), id: Buffer.alloc(8, 1) };
  expect(decodeSpans(proto(half), () => 5n)[0]?.traceId).toBe("0".repeat(16) + "07".repeat(8));
});

describe("tags that OTLP has a place for", () => {
  const cases: [string, object, object][] = [
    ["an error in words stays a tag", { error: "timeout" }, { statusCode: 0, keys: ["error"] }],
    ["a stated status counts", { "otel.status_code": "OK" }, { statusCode: 1, keys: [] }],
    [
      "in the Collector's spelling too, with its description",
      { "otel.status_code": "STATUS_CODE_ERROR", "otel.status_description": "boom" },
      { statusCode: 2, statusMessage: "boom", keys: [] },
    ],
    ["an inner span is one", { "span.kind": "internal" }, { kind: 1, keys: [] }],
    ["trace state leaves the tags", { "w3c.tracestate": "a=b" }, { traceState: "a=b", keys: [] }],
    [
      "so does the scope, in its older name",
      { "otel.library.name": "io.x", "otel.library.version": "2" },
      { scope: ["io.x", "2"], keys: [] },
    ],
    ["values that are no strings keep their types", { n: 3, b: true, d: 0.5 }, { keys: ["n", "b", "d"] }],
  ];
  for (const [name, tags, wanted] of cases) {
    test(name, () => {
      const span = only({ tags });
      const scope = [span?.scope.name, span?.scope.version];
      const keys = span?.attributes.map((attribute) => attribute.key);
      expect({ ...span, scope, keys }).toMatchObject(wanted);
    });
  }
});

test("a span without a service says so; one without a start is marked", () => {
  const [shown] = shownAsJaeger(json(ids));
  expect([shown.process.serviceName, shown.operationName]).toEqual(["missing-service-name", "empty-span-name"]);
  expect(shown.tags).toEqual([{ key: "otel.zipkin.absentField.startTime", type: "bool", value: true }]);
});

test("a span that is to be kept for debugging was sampled", () => {
  expect([only({ debug: true })?.flags, only({})?.flags]).toEqual([1, 0]);
});

test("spans of one service share its resource", () => {
  const at = (serviceName: string) => ({ ...ids, timestamp: 1, localEndpoint: { serviceName } });
  const spans = decodeSpans(json(at("a"), at("b"), at("a")), () => undefined);
  expect(new Set(spans.map((span) => span.resource)).size).toBe(2);
});

test("no spans are no bytes at all", () => {
  expect(json().length + proto().length).toBe(0);
});

test("the value that is wrong is named by its path", () => {
  const cases: [unknown, string][] = [
    [{}, "[0].traceId: undefined: expected 1 to 32 hex digits"],
    [{ ...ids, id: "xyz" }, '[0].id: "xyz": expected 1 to 16 hex digits'],
    [{ ...ids, timestamp: -1 }, "[0].timestamp: -1: expected microseconds, from 0 to 2^53"],
    [{ ...ids, annotations: [{ value: 7 }] }, "[0].annotations[0].value: 7: expected a string"],
    [{ ...ids, tags: { a: {} } }, "[0].tags.a: {…}: expected a string, a number, true or false"],
    [{ ...ids, localEndpoint: { port: 70_000 } }, "[0].localEndpoint.port: 70000: expected a port"],
    [7, "[0]: 7: expected an object"],
  ];
  for (const [span, message] of cases) expect(() => json(span)).toThrow(message);
  expect(() => zipkinV2JsonToOtlp(Buffer.from("{}"))).toThrow("body: {…}: expected an array");
  expect(() => zipkinV2JsonToOtlp(Buffer.from("[{"))).toThrow(/^body: expected JSON/);
  expect(() => zipkinV2ProtoToOtlp(Buffer.from("0a00", "hex"))).toThrow(TracingError);
});
