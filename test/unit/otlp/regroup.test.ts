import { describe, expect, test } from "vitest";
import { regroup } from "../../../lib/otlp/regroup.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import { sourceOrdinals } from "../../../lib/otlp/sources.ts";
import { opentelemetry } from "../../../proto/gen/index.js";

const { TracesData } = opentelemetry.proto.trace.v1;

const span = (n: number) => ({
  traceId: Uint8Array.from({ length: 16 }, () => n),
  spanId: Uint8Array.from({ length: 8 }, () => n),
  name: `span ${n}`,
});

/** Names by resource's schema URL, then by scope's name. */
function layout(bytes: Uint8Array): unknown {
  return TracesData.decode(bytes).resourceSpans.map((resource) => [
    resource.schemaUrl,
    resource.scopeSpans?.map((scope) => [scope.scope?.name, scope.spans?.map((one) => one.name)]),
  ]);
}

const two = TracesData.encode({
  resourceSpans: [
    {
      schemaUrl: "first",
      scopeSpans: [
        { scope: { name: "a" }, spans: [span(1), span(2), span(3)] },
        { scope: { name: "b" }, spans: [span(4)] },
      ],
    },
    { schemaUrl: "second", scopeSpans: [{ scope: { name: "a" }, spans: [span(5)] }] },
  ],
}).finish();

describe("regroup", () => {
  test("keeps the rows that are asked for, under copies of what they shared", () => {
    const { table } = scanTraces(two);
    expect(layout(regroup(table, [2, 4, 0]))).toEqual([
      ["first", [["a", ["span 3", "span 1"]]]],
      ["second", [["a", ["span 5"]]]],
    ]);
  });

  test("all rows of a canonical message are that message", () => {
    const { table } = scanTraces(two);
    const reordered = regroup(table, [0, 1, 2, 3, 4]);
    expect(layout(reordered)).toEqual(layout(two));
    expect(reordered.length).toBe(two.length);
  });

  test("no rows are an empty message", () => {
    expect(regroup(scanTraces(two).table, [])).toHaveLength(0);
  });

  test("keeps any number of the smallest spans", () => {
    const spans = Array.from({ length: 5000 }, (_, i) => ({ ...span(1 + (i % 255)), name: "" }));
    const bytes = TracesData.encode({ resourceSpans: [{ scopeSpans: [{ spans }] }] }).finish();
    const { table } = scanTraces(bytes);
    expect(table.count).toBe(5000);
    const rows = spans.map((_, row) => row);
    expect(Buffer.from(regroup(table, rows)).equals(bytes)).toBe(true);
  });

  test("equal sources of several messages in one arena become one group", () => {
    const arena = Buffer.concat([two, two]);
    const { table } = scanTraces(arena);
    const { ordinal } = sourceOrdinals(table);
    expect(layout(regroup(table, [0, 5, 4, 9, 8], ordinal))).toEqual([
      [
        "first",
        [
          ["a", ["span 1", "span 1"]],
          ["b", ["span 4"]],
        ],
      ],
      ["second", [["a", ["span 5", "span 5"]]]],
    ]);
  });
});
