import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { traceJson, tracePieces } from "../../../lib/jaeger/trace-json.ts";
import type { AnyValue } from "../../../lib/model/attributes.ts";
import { spanId, traceId } from "../../../lib/model/ids.ts";
import { aLink, aResource, aSpan, aTrace, attributes, idOf } from "../../support/a-trace.ts";

const hexId = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((id) => id.some((byte) => byte !== 0))
    .map((id) => Buffer.from(id).toString("hex"));

const leaf: fc.Arbitrary<AnyValue> = fc.oneof(
  fc.string({ unit: "binary" }).map((value): AnyValue => ({ type: "string", value })),
  fc.boolean().map((value): AnyValue => ({ type: "bool", value })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): AnyValue => ({ type: "int", value })),
  fc.double().map((value): AnyValue => ({ type: "double", value })),
  fc.uint8Array().map((value): AnyValue => ({ type: "bytes", value })),
  fc.constant<AnyValue>({ type: "empty" }),
);
const nested: fc.Arbitrary<AnyValue> = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }).map((values): AnyValue => ({ type: "array", values })),
  fc
    .array(fc.record({ key: fc.string({ unit: "binary" }), value: leaf }), { maxLength: 3 })
    .map((entries): AnyValue => ({ type: "map", entries })),
);
const attributeList = fc.array(fc.record({ key: fc.string({ unit: "binary" }), value: nested }), { maxLength: 4 });
const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n });

describe("a trace as JSON", () => {
  test("always parses, and keeps every id, time, duration and attribute", () => {
    const span = fc.record({
      id: hexId(8),
      parent: fc.option(hexId(8), { nil: undefined }),
      start: nanos,
      length: fc.bigInt({ min: 1n, max: 10n ** 15n }),
      name: fc.string({ unit: "binary" }),
      list: attributeList,
      kind: fc.nat(5),
    });
    fc.assert(
      fc.property(hexId(16), fc.array(span, { minLength: 1, maxLength: 5 }), (trace, spans) => {
        const made = spans.map((each) =>
          aSpan({
            traceId: traceId(trace),
            spanId: spanId(each.id),
            parentSpanId: each.parent === undefined ? undefined : spanId(each.parent),
            startNanos: each.start,
            endNanos: each.start + each.length,
            name: each.name,
            attributes: each.list,
            kind: each.kind,
          }),
        );
        const text = traceJson(aTrace(...made));
        // Times may be past 2^53: read their digits, not the number.
        const digits = (key: string) =>
          [...text.matchAll(new RegExp(`"${key}":(\\d+),"(duration|tags)":`, "g"))].map((m) => m[1]);
        const read = JSON.parse(text);
        expect(read.traceID).toBe(/^0{16}/.test(trace) ? trace.slice(16) : trace);
        expect(digits("startTime")).toEqual(spans.map((each) => String(each.start / 1000n)));
        expect(digits("duration")).toEqual(spans.map((each) => String(each.length / 1000n)));
        spans.forEach((each, i) => {
          const shown = read.spans[i];
          expect([shown.spanID, shown.operationName]).toEqual([each.id, each.name]);
          expect(shown.references.map((r: { spanID: string }) => r.spanID)).toEqual(each.parent ? [each.parent] : []);
          expect(shown.tags.filter((tag: { key: string }) => tag.key !== "span.kind").length).toBe(
            each.list.filter(({ key }) => key !== "span.kind").length,
          );
          for (const [n, { key, value }] of each.list.entries()) checkTag(shown.tags[n], key, value);
        });
      }),
      { numRuns: 200 },
    );
  });

  test("comes in pieces that are far smaller than a large trace", () => {
    const spans = Array.from({ length: 5000 }, (_, i) =>
      aSpan({ spanId: idOf((i + 1).toString(16)), attributes: attributes({ "http.route": "/api/products/{id}" }) }),
    );
    const pieces = [...tracePieces(aTrace(...spans))];
    expect(JSON.parse(pieces.join("")).spans.length).toBe(5000);
    expect(pieces.length).toBeGreaterThan(10);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(70_000);
  });

  test("keeps Jaeger's order of keys", () => {
    const read = JSON.parse(traceJson(aTrace(aSpan())));
    expect(Object.keys(read)).toEqual(["traceID", "spans", "processes", "warnings"]);
    expect(Object.keys(read.spans[0]).join()).toBe(
      "traceID,spanID,operationName,references,startTime,duration,tags,logs,processID,warnings",
    );
  });

  test("shows warnings of the trace, of the span, and those that another Jaeger wrote on the span", () => {
    const sent = {
      key: "@jaeger@warnings",
      value: { type: "array", values: [{ type: "string", value: "sent" }] },
    } as const;
    const span = aSpan({ attributes: [sent, ...attributes({ a: 1n })], warnings: ["ours"] });
    const read = JSON.parse(traceJson({ ...aTrace(span), warnings: ["cut"] }));
    expect(read.warnings).toEqual(["cut"]);
    expect(read.spans[0].warnings).toEqual(["sent", "ours"]);
    expect(read.spans[0].tags).toEqual([{ key: "a", type: "int64", value: 1 }]);
  });

  test("numbers processes in the order in which spans bring them, past nine too", () => {
    const spans = Array.from({ length: 12 }, (_, i) => aSpan({ resource: aResource(`s${i}`) }));
    const read = JSON.parse(traceJson(aTrace(...spans, aSpan({ resource: aResource("s3") }))));
    expect(read.spans.map((span: { processID: string }) => span.processID).join()).toBe(
      "p1,p2,p3,p4,p5,p6,p7,p8,p9,p10,p11,p12,p4",
    );
    expect(read.processes.p12).toEqual({ serviceName: "s11", tags: [] });
  });

  test("a link to the parent says what kind of parent it is, wherever it stands", () => {
    const mark = attributes({ "opentracing.ref_type": "follows_from" });
    const links = [aLink({ spanId: idOf("9") }), aLink({ spanId: idOf("1"), attributes: mark })];
    const read = JSON.parse(traceJson(aTrace(aSpan({ parentSpanId: idOf("1"), links }))));
    expect(read.spans[0].references.map((r: { refType: string; spanID: string }) => [r.refType, r.spanID])).toEqual([
      ["FOLLOWS_FROM", "0000000000000001"],
      ["FOLLOWS_FROM", "0000000000000009"],
    ]);
  });
});

function checkTag(tag: { key: string; type: string; value: unknown }, key: string, value: AnyValue): void {
  expect(tag.key).toBe(key);
  if (value.type === "int") {
    expect(tag.type).toBe("int64");
    expect(BigInt(String(tag.value))).toBe(value.value);
    expect(typeof tag.value).toBe(Number.isSafeInteger(Number(value.value)) ? "number" : "string");
  } else if (value.type === "double") {
    expect(tag.type).toBe("float64");
    if (Number.isFinite(value.value)) expect(tag.value).toBe(value.value);
    else expect(["NaN", "+Inf", "-Inf"]).toContain(tag.value);
  } else if (value.type === "bytes") {
    expect(tag.type).toBe("binary");
    expect(Buffer.from(String(tag.value), "base64")).toEqual(Buffer.from(value.value));
  } else if (value.type === "bool" || value.type === "string") {
    expect([tag.type, tag.value]).toEqual([value.type, value.value]);
  } else {
    expect(tag.type).toBe("string");
    if (value.type !== "empty") JSON.parse(String(tag.value));
  }
}
