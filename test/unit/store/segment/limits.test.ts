import { expect, test, vi } from "vitest";
import { traceId } from "../../../../lib/model/ids.ts";
import { gatherSpans } from "../../../../lib/store/plan-spans.ts";
import { type BuiltSegment, buildSegments } from "../../../../lib/store/segment/build-segments.ts";
import { PART_ROWS, SEGMENT_LIMITS, type SegmentLimits } from "../../../../lib/store/segment/limits.ts";
import { CUT_TERM, tagTerm, traceTerm } from "../../../../lib/store/segment/term-hash.ts";
import { opentelemetry } from "../../../../proto/gen/index.js";
import { Random } from "../../../data/random.ts";
import { sentSpans } from "../../../oracle/sent-spans.ts";
import { contentsOf } from "../../../support/segment-contents.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

// A segment of a full plan takes seconds where other tests share the machine.
vi.setConfig({ testTimeout: 120_000 });

const AT = 1_760_400_000_000;
const START = BigInt(AT) * 1_000_000n;
const random = new Random(3);

interface Sent {
  readonly trace: string;
  readonly name?: string;
  readonly attributes?: readonly (readonly [string, string])[];
}

const TRACE = "000000000000000000000000000000aa";

/** Spans a microsecond apart. */
function build(spans: readonly Sent[], limits: SegmentLimits = SEGMENT_LIMITS, host = "a"): BuiltSegment {
  const traces = TracesData.encode(
    TracesData.fromObject({
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: { stringValue: "shop" } },
              { key: "host.name", value: { stringValue: host } },
            ],
          },
          scopeSpans: [
            {
              spans: spans.map(({ trace, name = "GET /", attributes = [] }, n) => ({
                traceId: Buffer.from(trace, "hex"),
                spanId: Buffer.from((n + 1).toString(16).padStart(16, "0"), "hex"),
                name,
                startTimeUnixNano: String(START + BigInt(n) * 1000n),
                endTimeUnixNano: String(START + BigInt(n) * 1000n + 5_000_000n),
                attributes: attributes.map(([key, stringValue]) => ({ key, value: { stringValue } })),
              })),
            },
          ],
        },
      ],
    }),
  ).finish();
  const plan = { stream: "s@1", shardId: "shardId-000000000000", first: "1", last: "2", at: AT, closed: -1 };
  const [gathered] = gatherSpans([{ tenant: "t", receivedNanos: START, traces }]);
  if (gathered === undefined) throw new Error("no spans");
  const [segment] = buildSegments(gathered, plan, limits);
  if (segment === undefined) throw new Error("no segment");
  return segment;
}

function expectWithin({ head, bundle, pages, terms, rows }: BuiltSegment, limits = SEGMENT_LIMITS): void {
  expect(head.length).toBeLessThanOrEqual(limits.headBytes);
  expect(bundle?.length ?? 0).toBeLessThanOrEqual(limits.bundleBytes);
  for (const part of [...pages, ...terms, ...rows]) expect(part.length).toBeLessThanOrEqual(limits.itemBytes);
}

const spanCount = (segment: BuiltSegment): number =>
  [...contentsOf(segment).pages.values()].reduce((sum, page) => sum + sentSpans(page.traces).length, 0);

test("one span is one item", () => {
  const segment = build([{ trace: TRACE }]);
  expectWithin(segment);
  expect(segment.head.length).toBeLessThan(1024);
  expect([segment.bundle, segment.pages, segment.terms, segment.rows]).toEqual([undefined, [], [], []]);
  expect(spanCount(segment)).toBe(1);
});

test("a few hundred spans are a head and one more item", () => {
  const segment = build(
    Array.from({ length: 450 }, () => ({ trace: random.hex(16), attributes: [["id", random.hex(16)]] })),
  );
  expectWithin(segment);
  expect(contentsOf(segment).head.body).toBe("bundled");
  expect(spanCount(segment)).toBe(450);
});

test("a trace of 50,000 spans goes on over many pages, and its id leads to all of them", () => {
  const segment = build(
    Array.from({ length: 50_000 }, (_, n) => ({
      trace: TRACE,
      attributes: [["http.route", `/api/products/${n % 9}/details`]],
    })),
  );
  expectWithin(segment);
  const { head, pages, rows, find } = contentsOf(segment);
  expect(pages.size).toBeGreaterThan(10);
  expect([...(find(traceTerm(traceId(TRACE)))?.pages ?? [])]).toEqual([...pages.keys()]);
  expect([head.spans, head.traces, rows.length, spanCount(segment)]).toEqual([50_000, 1, 50_000, 50_000]);
  expect(head.rowParts).toBe(Math.ceil(50_000 / PART_ROWS));
  for (const page of pages.values()) expect(page.traces.length).toBeLessThanOrEqual(SEGMENT_LIMITS.pageBytes + 100);
});

test("a span that does not compress into an item goes on in the items after it", () => {
  const blob = random.hex(2 * 1024 * 1024);
  const segment = build([
    { trace: random.hex(16) },
    { trace: TRACE, attributes: [["blob", blob]] },
    { trace: random.hex(16) },
  ]);
  expectWithin(segment);
  const { head, pages, find, rows } = contentsOf(segment);
  expect(head.pages).toBeGreaterThan(pages.size);
  expect(spanCount(segment)).toBe(3);
  const [page] = find(traceTerm(traceId(TRACE)))?.pages ?? [];
  expect(sentSpans(pages.get(page ?? -1)?.traces ?? new Uint8Array()).map((span) => span.own)).toEqual([
    [["blob", blob]],
  ]);
  expect(rows[1]?.page).toBe(page);
});

test("60,000 spans with distinct ids are each found by theirs", () => {
  const ids = Array.from({ length: 60_000 }, () => random.hex(16));
  const segment = build(ids.map((id) => ({ trace: random.hex(16), attributes: [["request.id", id]] })));
  expectWithin(segment);
  const contents = contentsOf(segment);
  for (let n = 0; n < ids.length; n += 997)
    expect(contents.find(tagTerm("request.id", ids[n] as string))?.rows.has(ids.length - 1 - n)).toBe(true);
  const falseHits = Array.from({ length: 3000 }, () => contents.find(tagTerm("request.id", random.hex(16)))).filter(
    Boolean,
  );
  expect(falseHits.length).toBeLessThan(3);
});

test("names that would not fit an item of rows are cut there, whole in the page, and known by the head", () => {
  const names = Array.from({ length: PART_ROWS }, () => random.hex(600));
  const segment = build(names.map((name) => ({ trace: random.hex(16), name })));
  expectWithin(segment);
  const { head, rows, pages } = contentsOf(segment);
  for (const row of rows) {
    expect(row.isCut).toBe(true);
    expect(names[names.length - 1 - row.row]?.startsWith(row.operation)).toBe(true);
  }
  expect([...pages.values()].flatMap((page) => sentSpans(page.traces).map((span) => span.operation)).sort()).toEqual(
    names.sort(),
  );
  expect(head.mayHoldOperation("shop", names[0] as string)).toBe(true);
  // More operations than a head lists: any may be inside.
  expect(head.mayHoldOperation("shop", "nothing")).toBe(true);
});

test("a span with more attributes than are terms is counted, and known to be such a span", () => {
  const attributes = Array.from({ length: 100 }, (_, n) => [`key.${n}`, "value"] as const);
  const segment = build([{ trace: TRACE, attributes }, { trace: TRACE }]);
  const { head, find } = contentsOf(segment);
  expect(head.cutSpans).toBe(1);
  expect(find(tagTerm("key.0", "value"))?.rows.count).toBe(1);
  expect(find(tagTerm("key.99", "value"))).toBeUndefined();
  expect(find(CUT_TERM)?.rows.count).toBe(1);
});

test("a large resource that many traces share is not written again for each of them", () => {
  const host = random.hex(600 * 1024);
  const segment = build(
    Array.from({ length: 3000 }, () => ({ trace: random.hex(16) })),
    SEGMENT_LIMITS,
    host,
  );
  expectWithin(segment);
  expect(contentsOf(segment).pages.size).toBeLessThanOrEqual(2);
  expect(spanCount(segment)).toBe(3000);
});
