import { describe, expect, test } from "vitest";
import { decodeSpans } from "../../../lib/otlp/decode.ts";
import { zipkinV1JsonToOtlp } from "../../../lib/zipkin/v1-json.ts";
import { zipkinEmitBatchToOtlp, zipkinV1ThriftToOtlp } from "../../../lib/zipkin/v1-thrift.ts";
import { shownAsJaeger } from "../../support/shown-as-jaeger.ts";
import { thriftBytes, thriftCallBytes } from "../../support/thrift-structs.ts";

const json = (...spans: unknown[]) => zipkinV1JsonToOtlp(Buffer.from(JSON.stringify(spans)));
const thrift = (...spans: object[]) => zipkinV1ThriftToOtlp(thriftBytes("binary", "list<zipkincore.Span>", spans));
const start = 1_556_604_172_355_737;
const text = (key: string, value: string) => ({ key, type: "string", value });

const expected = {
  traceID: "5af7183fb1d4cf5f",
  spanID: "352bff9a74ca9ad2",
  operationName: "get",
  references: [{ refType: "CHILD_OF", traceID: "5af7183fb1d4cf5f", spanID: "6b221d5bc9e6496c" }],
  startTime: start,
  duration: 1431,
  tags: [
    text("http.path", "/api"),
    text("peer.service", "backend"),
    text("net.peer.ip", "10.0.0.2"),
    { key: "net.peer.port", type: "int64", value: 40_000 },
    text("span.kind", "client"),
  ],
  logs: [{ timestamp: start + 50, fields: [text("event", "retry")] }],
  process: { serviceName: "frontend", tags: [text("ipv4", "127.0.0.1"), text("port", "8080")] },
  warnings: null,
};

test("a span in JSON takes its kind and service from its core annotations, its peer from the address that is true", () => {
  const endpoint = { serviceName: "frontend", ipv4: "127.0.0.1", port: 8080 };
  const span = {
    ...{ traceId: expected.traceID, id: expected.spanID, parentId: "6b221d5bc9e6496c", name: "get" },
    ...{ timestamp: start, duration: 1431 },
    annotations: [
      { timestamp: start, value: "cs", endpoint },
      { timestamp: start + 50, value: "retry", endpoint },
      { timestamp: start + 1431, value: "cr", endpoint },
    ],
    binaryAnnotations: [
      { key: "http.path", value: "/api", endpoint },
      { key: "sa", value: true, endpoint: { serviceName: "backend", ipv4: "10.0.0.2", port: 40_000 } },
    ],
  };
  expect(shownAsJaeger(json(span))).toEqual([expected]);
});

const host = { ipv4: 0x7f000001, port: 8080, service_name: "frontend" };
const thriftSpan = {
  ...{ trace_id: 0x5af7183fb1d4cf5fn, id: 0x352bff9a74ca9ad2n, parent_id: 0x6b221d5bc9e6496cn, name: "get" },
  ...{ timestamp: BigInt(start), duration: 1431n },
  annotations: [
    { timestamp: BigInt(start), value: "cs", host },
    { timestamp: BigInt(start + 50), value: "retry", host },
  ],
  binary_annotations: [
    { key: "http.path", value: Buffer.from("/api"), annotation_type: 6, host },
    {
      ...{ key: "sa", value: Buffer.from([1]), annotation_type: 0 },
      host: { ipv4: 0x0a000002, port: 40_000 - 65_536, service_name: "backend" },
    },
  ],
};

test("the same span in Thrift is shown alike, posted or in a datagram", () => {
  expect(shownAsJaeger(thrift(thriftSpan))).toEqual([expected]);
  for (const encoding of ["compact", "binary", "binary, not strict"] as const) {
    const datagram = thriftCallBytes(encoding, "emitZipkinBatch", "list<zipkincore.Span>", [thriftSpan]);
    const protocol = encoding === "compact" ? "compact" : "binary";
    expect(zipkinEmitBatchToOtlp(datagram, protocol)).toEqual(thrift(thriftSpan));
  }
});

test("binary annotations keep their types", () => {
  const own = (key: string, annotation_type: number, hex: string) => ({
    ...{ key, annotation_type, value: Buffer.from(hex, "hex") },
  });
  const binary_annotations = [
    own("bool", 0, "01"),
    own("bytes", 1, "ff00"),
    own("i16", 2, "fffe"),
    own("i32", 3, "80000000"),
    own("i64", 4, "7fffffffffffffff"),
    own("double", 5, "3ff8000000000000"),
    own("text", 6, "c3a9"),
    own("short", 4, "00ff"),
  ];
  const [shown] = shownAsJaeger(thrift({ trace_id: 1n, id: 2n, name: "op", timestamp: 1n, binary_annotations }));
  expect(shown.tags).toEqual([
    { key: "bool", type: "bool", value: true },
    { key: "bytes", type: "binary", value: "/wA=" },
    { key: "i16", type: "int64", value: -2 },
    { key: "i32", type: "int64", value: -2_147_483_648 },
    { key: "i64", type: "int64", value: "9223372036854775807" },
    { key: "double", type: "float64", value: 1.5 },
    { key: "text", type: "string", value: "é" },
    { key: "short", type: "binary", value: "AP8=" },
  ]);
});

test("ids of 128 bits, and those that are negative on the wire, are whole", () => {
  const [span] = decodeSpans(thrift({ trace_id: -1n, trace_id_high: 5n, id: -2n, name: "op", debug: true }), () => 9n);
  expect([span?.traceId, span?.spanId, span?.flags]).toEqual([
    "0000000000000005ffffffffffffffff",
    "fffffffffffffffe",
    1,
  ]);
});

describe("what a span leaves out", () => {
  const ids = { traceId: "1", id: "2" };
  const shown = (own: object) => shownAsJaeger(json({ ...ids, ...own }))[0];

  test("its times are those of its annotations", () => {
    const annotations = [
      { timestamp: start + 7, value: "ss" },
      { timestamp: start, value: "sr" },
    ];
    expect(shown({ annotations })).toMatchObject({ startTime: start, duration: 7, logs: [] });
    expect(shown({ annotations, timestamp: start - 1 })).toMatchObject({ startTime: start - 1, duration: 8 });
  });

  test("its service is that of any host it names, then its component, then unknown", () => {
    const named = { binaryAnnotations: [{ key: "k", value: "v", endpoint: { serviceName: "cart" } }] };
    const component = { binaryAnnotations: [{ key: "lc", value: "worker" }] };
    expect(shown(named).process.serviceName).toBe("cart");
    expect(shown(component)).toMatchObject({
      process: { serviceName: "worker" },
      tags: [text("component", "worker"), {}],
    });
    expect(shown({}).process.serviceName).toBe("unknown-service");
  });
});

describe("what says its status", () => {
  const status = (...own: [string, unknown][]) => {
    const binaryAnnotations = own.map(([key, value]) => ({ key, value }));
    const [span] = decodeSpans(json({ traceId: "1", id: "2", timestamp: 1, binaryAnnotations }), () => undefined);
    return [span?.statusCode, span?.statusMessage, span?.attributes.map((attribute) => attribute.key)];
  };

  test("an error in words is its message", () => {
    expect(status(["error", "timeout"])).toEqual([2, "timeout", []]);
    expect(status(["error", true])).toEqual([2, "", []]);
    expect(status(["error", false])).toEqual([0, "", ["error"]]);
  });

  test("OpenCensus' codes come before HTTP's", () => {
    const census: [string, unknown][] = [
      ["census.status_code", "5"],
      ["census.status_description", "not here"],
      ["http.status_code", "200"],
    ];
    expect(status(...census)).toEqual([2, "not here", ["http.status_code"]]);
    expect(status(["http.status_code", "500"], ["http.status_message", "no"])).toEqual([
      ...[2, "no", ["http.status_code", "http.status_message"]],
    ]);
  });
});

test("a list that is cut off is refused with the place", () => {
  const whole = thriftBytes("binary", "list<zipkincore.Span>", [thriftSpan]);
  for (let length = 0; length < whole.length; length++)
    expect(() => zipkinV1ThriftToOtlp(whole.subarray(0, length))).toThrow(/^malformed Thrift at byte \d+: /);
});
