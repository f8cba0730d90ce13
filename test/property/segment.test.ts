import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { traceId } from "../../lib/model/ids.ts";
import { gatherSpans } from "../../lib/store/plan-spans.ts";
import type { Batch, WritePlan } from "../../lib/store/port.ts";
import { type BuiltSegment, buildSegments } from "../../lib/store/segment/build-segments.ts";
import { SEGMENT_LIMITS } from "../../lib/store/segment/limits.ts";
import {
  keyTerm,
  kindTerm,
  operationNameTerm,
  operationTerm,
  scopeNameTerm,
  scopeVersionTerm,
  serviceTerm,
  statusTerm,
  tagTerm,
  traceTerm,
} from "../../lib/store/segment/term-hash.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { type SentSpan, sentSpans } from "../oracle/sent-spans.ts";
import { contentsOf, type SegmentContents, type StoredRow } from "../support/segment-contents.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

vi.setConfig({ testTimeout: 120_000 });

const HOUR = 3_600_000_000_000n;
const NOW = 489_000n * HOUR;

const plan: WritePlan = {
  stream: "spans@1",
  shardId: "shardId-000000000000",
  first: "1",
  last: "2",
  at: 1_760_400_000_000,
  closed: 488_999,
};

/** 64 bits as protobufjs takes them. */
const long = (value: bigint, unsigned = true) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned,
});

const keys = fc.constantFrom("http.method", "user.id", "ключ", "event", "", "resource.x", "a");
const values = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => ({ stringValue: text.toWellFormed() })),
  fc.constantFrom("GET", "POST").map((stringValue) => ({ stringValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => ({ intValue: long(n, false) })),
  fc.integer().map((n) => ({ intValue: long(BigInt(n), false) })),
  fc.integer({ min: 1, max: 4000 }).map((n) => ({ doubleValue: n / 8 })),
  fc.uint8Array({ maxLength: 9 }).map((bytesValue) => ({ bytesValue })),
  fc.array(fc.constantFrom("x", "y\n"), { maxLength: 3 }).map((items) => ({
    arrayValue: { values: items.map((stringValue) => ({ stringValue })) },
  })),
  fc.constant({}),
);
const attributes = fc.array(fc.record({ key: keys, value: values }), { maxLength: 6 });
const serviceName = (value: object) => ({ key: "service.name", value });
const services = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("cart", "shop").map((name) => [serviceName({ stringValue: name })]) },
  fc.constantFrom([], [serviceName({ stringValue: "" })], [serviceName({ intValue: long(1n, false) })]),
);
const resources = fc.tuple(services, attributes).map(([service, more]) => ({ attributes: [...service, ...more] }));
const scopes = fc.record({ name: fc.constantFrom("", "tracer"), version: fc.constantFrom("", "1"), attributes });
const starts = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: NOW - HOUR, max: NOW + HOUR }) },
  fc.constantFrom(0n, NOW, NOW + 1n),
);
const durations = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: -5n, max: 10n ** 10n }) },
  fc.bigInt({ min: 0n, max: 2n ** 63n }),
);
const spans = fc
  .record({
    traceId: fc.integer({ min: 1, max: 4 }),
    spanId: fc.integer({ min: 1, max: 1000 }),
    parent: fc.integer({ min: 0, max: 2 }),
    name: fc.constantFrom("", "GET /", "POST /", "прочитать"),
    kind: fc.integer({ min: 0, max: 5 }),
    status: fc.integer({ min: 0, max: 2 }),
    start: starts,
    duration: durations,
    attributes,
    events: fc.array(fc.record({ name: fc.constantFrom("", "exception"), attributes }), { maxLength: 2 }),
    links: fc.array(fc.record({ traceId: fc.constant(id(9, 16)), attributes }), { maxLength: 1 }),
  })
  .map((span) => ({
    traceId: id(span.traceId, 16),
    spanId: id(span.spanId, 8),
    parentSpanId: span.parent === 0 ? new Uint8Array() : id(span.parent - 1, 8),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: long(span.start),
    endTimeUnixNano: long(span.start + span.duration < 0n ? 0n : span.start + span.duration),
    attributes: span.attributes,
    events: span.events,
    links: span.links,
    status: { code: span.status },
  }));
const batches: fc.Arbitrary<Batch[]> = fc.array(
  fc
    .record({
      received: fc.bigInt({ min: 0n, max: 5n }),
      resourceSpans: fc.array(
        fc.record({
          resource: resources,
          scopeSpans: fc.array(fc.record({ scope: scopes, spans: fc.array(spans, { maxLength: 6 }) }), {
            maxLength: 2,
          }),
        }),
        { maxLength: 3 },
      ),
    })
    .map(({ received, resourceSpans }) => ({
      tenant: "t",
      receivedNanos: NOW + received * 10n ** 12n,
      traces: TracesData.encode(TracesData.fromObject({ resourceSpans })).finish(),
    })),
  { minLength: 1, maxLength: 4 },
);

function id(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[length - 1] = number & 0xff;
  bytes[length - 2] = number >>> 8;
  return bytes;
}

/** As everything but pages sees it. */
interface Expected extends SentSpan {
  readonly sanitizedStart: bigint;
  readonly duration: bigint;
  readonly hour: number;
}

/** Each span once, with the time at which it first came. */
function expectedSpans(sent: readonly Batch[]): Expected[] {
  const known = new Map<string, Expected>();
  for (const batch of sent)
    for (const span of sentSpans(batch.traces)) {
      if (known.has(span.identity)) continue;
      const start = span.start === 0n ? batch.receivedNanos : span.start;
      const duration = span.end > start ? span.end - start : 1n;
      known.set(span.identity, { ...span, sanitizedStart: start, duration, hour: Number(start / HOUR) });
    }
  return [...known.values()];
}

const limits = fc.constantFrom(
  SEGMENT_LIMITS,
  // Everything an item of its own, pages of few spans, pages and terms over several items.
  { ...SEGMENT_LIMITS, headBytes: 0, bundleBytes: 0, pageBytes: 400, itemBytes: 3000, termPartBytes: 300 },
  { ...SEGMENT_LIMITS, headBytes: 0 },
);

function check(law: (expected: Expected[], segments: [BuiltSegment, SegmentContents][]) => void): void {
  fc.assert(
    fc.property(batches, limits, (sent, within) => {
      const built = gatherSpans(sent).flatMap((gathered) => buildSegments(gathered, plan, within));
      law(
        expectedSpans(sent),
        built.map((segment) => [segment, contentsOf(segment)]),
      );
    }),
    { numRuns: 80, seed: 7 },
  );
}

const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

test("pages hold every span that was sent, to the last byte, once, in the hour of its start", () => {
  check((expected, segments) => {
    const stored = segments.flatMap(([{ hour }, { pages }]) =>
      [...pages.values()].flatMap((page) =>
        sentSpans(page.traces).map((span, n) => {
          const start = span.start === 0n ? page.received.get(n) : span.start;
          if (span.start !== 0n) expect(page.received.has(n)).toBe(false);
          return `${hour} ${start} ${span.identity}`;
        }),
      ),
    );
    expect(sorted(stored)).toEqual(
      sorted(expected.map((span) => `${span.hour} ${span.sanitizedStart} ${span.identity}`)),
    );
  });
});

const rowText = (row: Omit<StoredRow, "row" | "source">): string =>
  JSON.stringify([
    ...[row.service, row.operation, row.kind, row.status, row.isRoot, String(row.start), String(row.duration)],
    ...[row.trace, row.page],
  ]);

const rowOf = (span: Expected, page: number) => ({
  ...{ service: span.service, operation: span.operation, isCut: false, kind: span.kind, status: span.status },
  ...{ isRoot: span.isRoot, start: span.sanitizedStart, duration: span.duration, page },
  trace: traceTerm(traceId(span.traceId)),
});

test("rows say of every span when, how long, what, and on which page, newest first", () => {
  check((expected, segments) => {
    const known = new Map(expected.map((span) => [span.identity, span]));
    for (const [, { pages, rows }] of segments) {
      const spansOfPages = [...pages].flatMap(([page, { traces }]) =>
        sentSpans(traces).map((span) => rowText(rowOf(known.get(span.identity) as Expected, page))),
      );
      expect(sorted(rows.map(rowText))).toEqual(sorted(spansOfPages));
      expect(rows.map(({ row }) => row)).toEqual(rows.map((_, n) => n));
      for (const [n, row] of rows.entries())
        if (n > 0) expect(row.start <= (rows[n - 1] as StoredRow).start).toBe(true);
    }
  });
});

test("every attribute at any level leads to exactly the spans that carry it, and so do names, kinds and states", () => {
  check((expected, segments) => {
    for (const [{ hour }, contents] of segments) {
      const own = expected.filter((span) => span.hour === hour);
      for (const [hash, carriers] of carriersByTerm(own)) {
        const posting = contents.find(hash);
        const rows = contents.rows.filter(
          ({ row, source }) => posting?.rows.has(row) || posting?.sources.includes(source),
        );
        expect(sorted(rows.map((row) => rowText({ ...row, page: 0 })))).toEqual(
          sorted(carriers.map((span) => rowText(rowOf(span, 0)))),
        );
        const listed = [...(posting?.rows.rows() ?? [])];
        expect(listed).toEqual(contents.rows.map(({ row }) => row).filter((row) => posting?.rows.has(row)));
        expect(posting?.rows.count).toBe(listed.length);
      }
    }
  });
});

function carriersByTerm(own: readonly Expected[]): Map<number, Expected[]> {
  const carriers = new Map<number, Expected[]>();
  for (const span of own)
    for (const hash of new Set([
      ...[serviceTerm(span.service), operationTerm(span.service, span.operation), operationNameTerm(span.operation)],
      ...[kindTerm(span.kind), statusTerm(span.status)],
      ...(span.scopeName ? [scopeNameTerm(span.scopeName)] : []),
      ...(span.scopeVersion ? [scopeVersionTerm(span.scopeVersion)] : []),
      ...[...span.own, ...span.shared].flatMap(([key, text]) => [keyTerm(key), tagTerm(key, text)]),
    ]))
      carriers.set(hash, [...(carriers.get(hash) ?? []), span]);
  return carriers;
}

test("attributes of resources and scopes lead to sources, all others to rows", () => {
  check((expected, segments) => {
    for (const [{ hour }, contents] of segments) {
      const own = expected.filter((span) => span.hour === hour);
      const terms = (attributes: (span: Expected) => SentSpan["own"]) =>
        new Set(own.flatMap((span) => attributes(span).map(([key, text]) => tagTerm(key, text))));
      const [ofSpans, ofSources] = [terms((span) => span.own), terms((span) => span.shared)];
      for (const hash of ofSpans.union(ofSources)) {
        const posting = contents.find(hash);
        expect([(posting?.rows.count ?? 0) > 0, (posting?.sources.length ?? 0) > 0]).toEqual([
          ofSpans.has(hash),
          ofSources.has(hash),
        ]);
      }
    }
  });
});

test("a trace's id leads to the pages that hold its spans", () => {
  check((_expected, segments) => {
    for (const [, { pages, find }] of segments) {
      const byTrace = new Map<string, Set<number>>();
      for (const [page, { traces }] of pages)
        for (const span of sentSpans(traces))
          byTrace.set(span.traceId, (byTrace.get(span.traceId) ?? new Set()).add(page));
      for (const [trace, on] of byTrace) expect(find(traceTerm(traceId(trace)))?.pages).toEqual(Uint32Array.from(on));
    }
  });
});

test("the head tells the ranges, counts and names of what is inside", () => {
  check((expected, segments) => {
    for (const [{ hour, isLate }, { head }] of segments) {
      const own = expected.filter((span) => span.hour === hour);
      const starts = own.map((span) => span.sanitizedStart).sort(byValue);
      const durationsInside = own.map((span) => span.duration).sort(byValue);
      expect(isLate).toBe(hour <= plan.closed);
      expect(head).toMatchObject({
        ...{ shardId: plan.shardId, last: plan.last, spans: own.length },
        traces: new Set(own.map((span) => span.traceId)).size,
        ...{ minStart: starts[0], maxStart: starts.at(-1) },
        ...{ minDuration: durationsInside[0], maxDuration: durationsInside.at(-1) },
        kinds: own.reduce((bits, span) => bits | (1 << span.kind), 0),
      });
      for (const span of own) {
        expect(head.mayHoldService(span.service)).toBe(true);
        expect(head.mayHoldOperation(span.service, span.operation)).toBe(true);
      }
      expect(head.mayHoldService("nowhere")).toBe(false);
    }
  });
});

const byValue = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

test("the same batches and plan give the same bytes", () => {
  fc.assert(
    fc.property(batches, limits, (sent, within) => {
      const build = () => gatherSpans(sent).flatMap((gathered) => buildSegments(gathered, plan, within));
      expect(build()).toEqual(build());
    }),
    { numRuns: 40, seed: 11 },
  );
});
