import { describe, expect, test } from "vitest";
import { traceSummary } from "../../../lib/jaeger/trace-summary.ts";
import type { Span } from "../../../lib/model/span.ts";
import { ADJUST_DEFAULTS, adjustTrace } from "../../../lib/pipeline/adjust.ts";
import { aResource, aSpan, aTrace, idOf } from "../../support/a-trace.ts";

const span = (id: string, parent: string | undefined, more: Partial<Span> = {}) =>
  aSpan({ spanId: idOf(id), parentSpanId: parent === undefined ? undefined : idOf(parent), name: id, ...more });
const rootOf = (...spans: Span[]) => traceSummary(aTrace(...spans)).rootOperationName;
const at = (nanos: bigint) => ({ startNanos: nanos, endNanos: nanos + 10n });

describe("the root of a trace", () => {
  test("is the span without a parent that started first, wherever it stands and however late", () => {
    expect(rootOf(span("a", "b", at(1n)), span("c", undefined, at(9n)), span("b", undefined, at(5n)))).toBe("b");
  });

  test("is the one of the lower id where two started at once", () => {
    expect(rootOf(span("d", undefined), span("b", undefined), span("c", undefined))).toBe("b");
  });

  test("is the first orphan where every span has a parent, and not its earlier child", () => {
    expect(rootOf(span("a", "b", at(1n)), span("c", "f", at(9n)), span("b", "f", at(5n)))).toBe("b");
  });

  test("is any span where parents only go round, once as sent and once as shown", () => {
    const circle = [span("b", "a", at(5n)), span("a", "b", at(1n)), span("c", "c", at(3n))];
    expect(rootOf(...circle)).toBe("a");
    expect(traceSummary(adjustTrace(aTrace(...circle), ADJUST_DEFAULTS))).toMatchObject({
      rootOperationName: "a",
      orphanSpanCount: 0,
    });
  });

  test("names its service as Jaeger does where the resource does not", () => {
    const resource = { attributes: [], droppedAttributesCount: 0, schemaUrl: "" };
    expect(traceSummary(aTrace(span("a", undefined, { resource })))).toMatchObject({
      rootServiceName: "missing-service-name",
      services: [{ name: "missing-service-name", spanCount: 1, errorSpanCount: 0 }],
    });
  });
});

describe("figures", () => {
  test("count errors and orphans, per service by name, and keep every nanosecond", () => {
    const spans = [
      span("1", undefined, { ...at(1_700_000_000_000_000_005n), resource: aResource("web") }),
      span("2", "1", { ...at(1_700_000_000_000_000_007n), resource: aResource("Cart"), statusCode: 2 }),
      span("3", "f", { ...at(1_700_000_000_000_000_003n), resource: aResource("cart"), statusCode: 1 }),
      span("4", "f", { ...at(1_700_000_000_000_000_004n), resource: aResource("web"), statusCode: 2 }),
    ];
    expect(traceSummary(aTrace(...spans))).toMatchObject({
      rootOperationName: "1",
      minStartTimeUnixNano: "1700000000000000003",
      maxEndTimeUnixNano: "1700000000000000017",
      spanCount: 4,
      errorSpanCount: 2,
      orphanSpanCount: 2,
      services: [
        { name: "Cart", spanCount: 1, errorSpanCount: 1 },
        { name: "cart", spanCount: 1, errorSpanCount: 0 },
        { name: "web", spanCount: 2, errorSpanCount: 1 },
      ],
    });
  });
});
