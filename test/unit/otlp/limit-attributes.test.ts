import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AttributeLimits } from "../../../lib/otlp/attribute-limits.ts";
import { limitAttributes, TRUNCATED_KEY } from "../../../lib/otlp/limit-attributes.ts";
import { regroup } from "../../../lib/otlp/regroup.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import { opentelemetry } from "../../../proto/gen/index.js";

const { TracesData } = opentelemetry.proto.trace.v1;
type Traces = Parameters<typeof TracesData.create>[0];
type Span = opentelemetry.proto.trace.v1.ISpan;
type KeyValue = opentelemetry.proto.common.v1.IKeyValue;

const LIMITS: AttributeLimits = { maxAttributes: 4, maxValueBytes: 10 };
const text = (key: string, stringValue: string): KeyValue => ({ key, value: { stringValue } });
const ids = (n: number) => ({ traceId: Buffer.alloc(16, n), spanId: Buffer.alloc(8, n) });
const oneSpan = (span: Span): Traces => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids(1), ...span }] }] }] });

/** What is left of a request, through the table as ingest would send it on. */
function limited(request: Traces, limits = LIMITS) {
  const bytes = TracesData.encode(TracesData.create(request)).finish();
  const { table } = scanTraces(bytes);
  const cuts = limitAttributes(table, limits);
  const out = regroup(
    table,
    Array.from({ length: table.count }, (_, i) => i),
  );
  expect(scanTraces(out).table.count).toBe(table.count);
  return { bytes, cuts, out, traces: TracesData.toObject(TracesData.decode(out), { longs: String, arrays: true }) };
}
const spanOf = (request: Traces, limits?: AttributeLimits) => {
  const { traces, cuts } = limited(request, limits);
  return { span: traces.resourceSpans[0].scopeSpans[0].spans[0], cuts };
};
const marker = (...keys: string[]): unknown => ({
  key: TRUNCATED_KEY,
  value: { arrayValue: { values: keys.map((stringValue) => ({ stringValue })) } },
});

describe("limits on attributes", () => {
  test("those beyond the limit are left out, added to those that the sender left out, and named", () => {
    const attributes = ["a", "b", "c", "d", "e", "f"].map((key) => text(key, "x"));
    const { span, cuts } = spanOf(oneSpan({ attributes, droppedAttributesCount: 3, name: "n" }));
    expect(span.attributes).toMatchObject([...attributes.slice(0, 4), marker("e", "f")]);
    expect([span.droppedAttributesCount, span.name]).toEqual([5, "n"]);
    expect(cuts).toEqual({ spans: 1, sources: 0, droppedAttributes: 2, truncatedValues: 0 });
  });

  test("a text is cut before a character, bytes at a byte, a list and a map behind an element", () => {
    const { span, cuts } = spanOf(
      oneSpan({
        attributes: [
          text("text", "123456789ü"),
          { key: "bytes", value: { bytesValue: Buffer.alloc(20, 7) } },
          { key: "list", value: { arrayValue: { values: [{ stringValue: "123" }, { stringValue: "456" }] } } },
          { key: "map", value: { kvlistValue: { values: [text("key", "1234567890")] } } },
        ],
      }),
    );
    expect(span.attributes).toMatchObject([
      text("text", "123456789"),
      { key: "bytes", value: { bytesValue: Buffer.alloc(10, 7) } },
      { key: "list", value: { arrayValue: { values: [{ stringValue: "123" }] } } },
      { key: "map", value: { kvlistValue: { values: [] } } },
      marker("text", "bytes", "list", "map"),
    ]);
    expect([cuts?.truncatedValues, span.droppedAttributesCount ?? 0]).toEqual([4, 0]);
  });

  test("events and links are held to them too, and the span says so", () => {
    const attributes = ["a", "b", "c", "d", "e"].map((key) => text(key, "12345678901"));
    const { span, cuts } = spanOf(
      oneSpan({ events: [{ name: "exception", attributes }], links: [{ ...ids(2), attributes }] }),
    );
    for (const inner of [span.events[0], span.links[0]]) {
      expect(inner.attributes).toMatchObject(["a", "b", "c", "d"].map((key) => text(key, "1234567890")));
      expect(inner.droppedAttributesCount).toBe(1);
    }
    expect(span.attributes).toMatchObject([marker("a", "b", "c", "d", "e")]);
    expect(cuts).toEqual({ spans: 1, sources: 0, droppedAttributes: 2, truncatedValues: 8 });
  });

  test("a resource and a scope are cut once for all of their spans, which stay as they are; its service stays too", () => {
    const attributes = ["a", "b", "c", "d", "e", "service.name"].map((key) => text(key, "shop"));
    const { traces, cuts } = limited({
      resourceSpans: [
        {
          schemaUrl: "https://schema",
          resource: { attributes },
          scopeSpans: [
            { scope: { name: "one", attributes: [text("long", "12345678901")] }, spans: [ids(1), ids(2)] },
            { scope: { name: "two" }, spans: [ids(3)] },
          ],
        },
      ],
    });
    const [group] = traces.resourceSpans;
    expect([traces.resourceSpans.length, group.schemaUrl]).toEqual([1, "https://schema"]);
    expect(group.resource.attributes).toMatchObject([
      ...attributes.slice(0, 4),
      text("service.name", "shop"),
      marker("e"),
    ]);
    expect(group.resource.droppedAttributesCount).toBe(1);
    const [one, two] = group.scopeSpans;
    expect(one.scope).toMatchObject({ name: "one", attributes: [text("long", "1234567890"), marker("long")] });
    expect([one.spans, two.spans]).toMatchObject([[ids(1), ids(2)], [ids(3)]]);
    expect(cuts).toEqual({ spans: 0, sources: 2, droppedAttributes: 1, truncatedValues: 1 });
  });

  test("an attribute whose key is too long is left out, and named by the beginning of its key", () => {
    const { span } = spanOf(
      oneSpan({ attributes: [text(`${"k".repeat(127)}${"ü".repeat(2000)}`, "x"), text("b", "y")] }),
    );
    expect(span.attributes).toMatchObject([text("b", "y"), marker("k".repeat(127))]);
    expect(span.droppedAttributesCount).toBe(1);
  });

  test("of many that are cut sixteen are named, and all are counted", () => {
    const attributes = Array.from({ length: 1000 }, (_, i) => text(`k${i}`, "x"));
    const { span } = spanOf(oneSpan({ attributes, droppedAttributesCount: 2 ** 32 - 1 }));
    expect(span.attributes[4].value.arrayValue.values).toHaveLength(16);
    expect(span.droppedAttributesCount).toBe(2 ** 32 - 1);
  });

  test("what keeps within them is the same to the last byte, beside spans that do not", () => {
    const attribute = fc.record({
      key: fc.string({ minLength: 1, maxLength: 6 }),
      value: fc.record({ stringValue: fc.string({ unit: "grapheme", maxLength: 16 }) }),
    });
    const spans = fc.array(fc.array(attribute, { maxLength: 8 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(spans, (all) => {
        const request = {
          resourceSpans: [{ scopeSpans: [{ spans: all.map((attributes, i) => ({ ...ids(i + 1), attributes })) }] }],
        };
        const { bytes, out, traces, cuts } = limited(request);
        const within = all.map(
          (attributes) =>
            attributes.length <= 4 && attributes.every(({ value }) => Buffer.byteLength(value.stringValue) <= 10),
        );
        if (within.every(Boolean)) {
          expect(cuts).toBeUndefined();
          expect(Buffer.from(out).equals(bytes)).toBe(true);
        }
        const left: Span[] = traces.resourceSpans[0].scopeSpans[0].spans;
        all.forEach((attributes, i) => {
          const own = left[i]?.attributes ?? [];
          if (within[i]) expect(own).toMatchObject(attributes);
          else {
            expect(own.at(-1)?.key).toBe(TRUNCATED_KEY);
            for (const [at, { key, value }] of own.slice(0, -1).entries()) {
              expect(key).toBe(attributes[at]?.key);
              expect(Buffer.byteLength(value?.stringValue ?? "")).toBeLessThanOrEqual(10);
              expect(attributes[at]?.value.stringValue.startsWith(value?.stringValue ?? "")).toBe(true);
            }
          }
        });
      }),
    );
  });
});
