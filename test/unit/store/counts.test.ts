import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildCounts } from "../../../lib/store/counts/build.ts";
import { MAX_PLAN_OPERATIONS } from "../../../lib/store/counts/minutes.ts";
import { planServices } from "../../../lib/store/counts/plan-services.ts";
import { readEdgeCounts, readOperationCounts } from "../../../lib/store/counts/read.ts";
import { quantileNanos, RELATIVE_ERROR } from "../../../lib/store/counts/sketch.ts";
import { gatherSpans, type PlanSpans } from "../../../lib/store/plan-spans.ts";
import { edgesOf } from "../../oracle/edges.ts";
import { type CountedSpan, encodeCounted } from "../../support/counted-spans.ts";
import { joinedCounts } from "../../support/joined-counts.ts";

const HOUR = 500_000;
const HOUR_NANOS = 3_600_000_000_000n;

/** The counts of spans that are delivered in plans of several requests each. */
function countsOf(
  plans: readonly (readonly (readonly CountedSpan[])[])[],
  limitBytes?: number,
): Map<number, Uint8Array[]> {
  const byHour = new Map<number, Uint8Array[]>();
  for (const requests of plans) {
    const batches = requests.map((spans) => ({ tenant: "default", receivedNanos: 1n, traces: encodeCounted(spans) }));
    for (const spans of gatherSpans(batches))
      for (const { hour, bodies } of buildCounts(spans, planServices(spans), limitBytes))
        byHour.set(hour, [...(byHour.get(hour) ?? []), ...bodies]);
  }
  return byHour;
}

function countsIn(plan: PlanSpans | undefined, limitBytes?: number) {
  if (plan === undefined) throw new Error("no span was gathered");
  return buildCounts(plan, planServices(plan), limitBytes);
}

const id = (length: number) => fc.integer({ min: 1, max: 6 }).map((n) => n.toString(16).padStart(length, "0"));
const arbitrarySpan: fc.Arbitrary<CountedSpan> = fc.record({
  trace: fc.constantFrom("1".padStart(32, "0"), "2".padStart(32, "0")),
  id: id(16),
  parent: fc.option(id(16), { nil: undefined }),
  links: fc.array(id(16), { maxLength: 2 }),
  service: fc.constantFrom("a", "b", "c"),
  kind: fc.integer({ min: 0, max: 5 }),
  peer: fc.option(fc.constantFrom("db", "a"), { nil: undefined }),
  name: fc.constantFrom("op", "other op", "é"),
  startNanos: fc.bigInt({ min: 0n, max: 2n * HOUR_NANOS - 1n }).map((nanos) => BigInt(HOUR) * HOUR_NANOS + nanos),
  durationNanos: fc.bigInt({ min: 1n, max: 10n ** 12n }),
  isError: fc.boolean(),
});
/** A span id is one span's, or, as Zipkin has it, both sides' of one call. */
const arbitrarySpans = fc
  .uniqueArray(arbitrarySpan, {
    maxLength: 24,
    selector: (span) => `${span.trace}/${span.id}/${isSided(span.id) ? span.kind % 2 : ""}`,
  })
  .map((spans) =>
    spans.map((span) => ({ ...span, kind: isSided(span.id) ? (SIDED[span.kind] as number) : span.kind })),
  );
/** Even ones become server sides, odd ones client sides. */
const SIDED = [2, 3, 2, 3, 5, 4];
const isSided = (spanId: string) => spanId.endsWith("1") || spanId.endsWith("2") || spanId.endsWith("3");
const arbitraryPlans = fc
  .tuple(arbitrarySpans, fc.array(fc.nat({ max: 3 }), { minLength: 24, maxLength: 24 }))
  .map(([spans, plan]) => {
    const plans = [...Map.groupBy(spans, (span) => plan[spans.indexOf(span)] as number).values()];
    return { spans, plans: plans.map((own) => [own.slice(0, own.length >> 1), own.slice(own.length >> 1)]) };
  });

describe("counts", () => {
  test("edges, settled or joined, are those of the whole traces, however the spans fall into plans and bodies", () => {
    fc.assert(
      fc.property(arbitraryPlans, fc.constantFrom(undefined, 300), ({ spans, plans }, limit) => {
        const bodies = [...countsOf(plans, limit).values()].flat();
        expect(joinedCounts(bodies)).toEqual(edgesOf(spans));
      }),
      { numRuns: 500 },
    );
  });

  test("calls and errors are exact by operation, kind and minute, and durations within the relative error", () => {
    fc.assert(
      fc.property(arbitraryPlans, fc.constantFrom(undefined, 300), ({ spans, plans }, limit) => {
        const found = new Map<string, { calls: number; errors: number; slowest: number }>();
        for (const [hour, all] of countsOf(plans, limit))
          for (const row of all.flatMap((body) => readOperationCounts(body).minutes)) {
            const key = [row.service, row.operation, row.kind, hour * 60 + row.minute].join("/");
            const known = found.get(key) ?? { calls: 0, errors: 0, slowest: 0 };
            const slowest = Math.max(known.slowest, quantileNanos(row.durations, 1) ?? 0);
            found.set(key, { calls: known.calls + row.calls, errors: known.errors + row.errors, slowest });
          }
        const expected = Map.groupBy(spans, (span) =>
          [span.service, span.name, span.kind, span.startNanos / 60_000_000_000n].join("/"),
        );
        expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [key, own] of expected) {
          const { calls, errors, slowest } = found.get(key) ?? { calls: 0, errors: 0, slowest: 0 };
          expect([calls, errors]).toEqual([own.length, own.filter((span) => span.isError).length]);
          const exact = Math.max(...own.map((span) => Number(span.durationNanos)));
          expect(Math.abs(slowest - exact) / exact).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a span that is delivered twice in one plan counts once", () => {
    const span = fc.sample(arbitrarySpan, { numRuns: 1, seed: 7 })[0] as CountedSpan;
    const [body = new Uint8Array()] = [...countsOf([[[span], [span]]]).values()].flat();
    expect(readOperationCounts(body).minutes.map((row) => row.calls)).toEqual([1]);
    expect(readEdgeCounts(body).halves.count).toBe(1);
  });

  test("beyond the cap operations are counted under one name", () => {
    const [template] = fc.sample(arbitrarySpan, { numRuns: 1, seed: 7 });
    const spans = Array.from({ length: MAX_PLAN_OPERATIONS + 40 }, (_, n) => ({
      ...(template as CountedSpan),
      id: (n + 1).toString(16).padStart(16, "0"),
      name: `op ${n}`,
    }));
    const all = [...countsOf([[spans]]).values()].flat().map(readOperationCounts);
    const rest = all.flatMap((counts) => counts.minutes).filter((row) => row.operation === "");
    expect(rest.map((row) => row.calls)).toEqual([40]);
    expect(all.map((counts) => counts.foldedOperations)).toEqual([40]);
  });

  test("no body is larger than its limit, however many services there are and whatever they are called", () => {
    const [template] = fc.sample(arbitrarySpan, { numRuns: 1, seed: 7 });
    const spans = Array.from({ length: 2000 }, (_, n) => ({
      ...(template as CountedSpan),
      ...{ id: (n + 1).toString(16).padStart(16, "0"), parent: n === 0 ? undefined : n.toString(16).padStart(16, "0") },
      ...{ service: `${n} ${"é".repeat(n % 7 === 0 ? 40_000 : 500)}`, name: `${n} ${"x".repeat(3000)}`, kind: n % 3 },
      ...{ peer: `${n} ${"p".repeat(n % 5 === 0 ? 50_000 : 10)}`, links: [] },
    }));
    const [plan] = gatherSpans([{ tenant: "default", receivedNanos: 1n, traces: encodeCounted(spans) }]);
    const limit = 50_000;
    const bodies = countsIn(plan, limit).flatMap((hour) => hour.bodies);
    for (const body of bodies) expect(body.length).toBeLessThanOrEqual(limit);
    const counts = bodies.map(readEdgeCounts);
    expect(counts.reduce((sum, { halves }) => sum + halves.count, 0)).toBe(2000);
    expect(bodies.flatMap((body) => readOperationCounts(body).minutes).reduce((sum, row) => sum + row.calls, 0)).toBe(
      2000,
    );
    // Names that differ only behind the cut are one; these differ at once.
    expect(new Set(counts.flatMap(({ services, halves }) => [...halves.service].map((n) => services[n]))).size).toBe(
      2000,
    );
    expect(bodies.reduce((sum, body) => sum + body.length, 0)).toBeLessThan(2000 * 4 * 1024);
  });

  test("a span counts as referring to 129 others at most", () => {
    const [template] = fc.sample(arbitrarySpan, { numRuns: 1, seed: 7 });
    const links = Array.from({ length: 1000 }, (_, n) => (n + 2).toString(16).padStart(16, "0"));
    const span = { ...(template as CountedSpan), parent: undefined, links, id: "0000000000000001" };
    const [body = new Uint8Array()] = [...countsOf([[[span]]]).values()].flat();
    expect(readEdgeCounts(body).halves.references).toHaveLength(129);
  });

  test("every truncation is refused, never read as less", () => {
    const spans = fc.sample(arbitrarySpans, { numRuns: 1, seed: 11 })[0] as CountedSpan[];
    const [plan] = gatherSpans([{ tenant: "default", receivedNanos: 1n, traces: encodeCounted(spans) }]);
    const body = countsIn(plan)[0]?.bodies[0] as Uint8Array;
    for (let length = 0; length < body.length; length++)
      expect(() => readEdgeCounts(body.subarray(0, length))).toThrow(/corrupt|format version/);
  });
});
