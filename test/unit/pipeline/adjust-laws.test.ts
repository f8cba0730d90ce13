import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Span, Trace } from "../../../lib/model/span.ts";
import { ADJUST_DEFAULTS, adjustTrace } from "../../../lib/pipeline/adjust.ts";
import { adjustClockSkew } from "../../../lib/pipeline/adjust-clock-skew.ts";
import { dropDuplicates } from "../../../lib/pipeline/adjust-duplicates.ts";
import { dropEmptyLinks } from "../../../lib/pipeline/adjust-empty-links.ts";
import { writeIpAddresses } from "../../../lib/pipeline/adjust-ip-addresses.ts";
import { moveLibraryAttributes } from "../../../lib/pipeline/adjust-library-attributes.ts";
import { breakParentCycles } from "../../../lib/pipeline/adjust-parent-cycles.ts";
import { splitSharedIds } from "../../../lib/pipeline/adjust-shared-ids.ts";
import { sortAttributes } from "../../../lib/pipeline/adjust-sort.ts";
import { aLink, aResource, aSpan, aTrace, attributes, idOf, TRACE_ID } from "../../support/a-trace.ts";

const START = 1_700_000_000_000_000_000n;
const at = (startMillis: number, lengthMillis: number) => ({
  startNanos: START + BigInt(startMillis) * 1_000_000n,
  endNanos: START + BigInt(startMillis + lengthMillis) * 1_000_000n,
});

describe("laws", () => {
  const someId = fc.constantFrom("1", "2", "3", "a", "b").map(idOf);
  const resources = [
    aResource("a", { "host.name": "x", ip: 1n }),
    aResource("b", { "host.name": "y", "telemetry.sdk.name": "n" }),
    aResource("c"),
  ];
  const values = fc.dictionary(
    fc.constantFrom("z", "a", "ip", "peer.ipv4", "telemetry.sdk.name"),
    fc.constantFrom(1n, 2.5, "n"),
  );
  const link = fc.record({
    traceId: fc.constantFrom<string>(TRACE_ID, "0".repeat(32), "f".repeat(32)),
    spanId: someId,
  });
  const span = fc
    .record({
      spanId: someId,
      parentSpanId: fc.option(someId, { nil: undefined }),
      kind: fc.nat(5),
      start: fc.nat(50),
      length: fc.integer({ min: 1, max: 50 }),
      resource: fc.constantFrom(...resources),
      values,
      links: fc.array(link, { maxLength: 2 }),
    })
    .map(({ start, length, values: own, links, ...more }) =>
      aSpan({ ...more, ...at(start, length), attributes: attributes(own), links: links.map((each) => aLink(each)) }),
    );
  const trace = fc.array(span, { minLength: 1, maxLength: 8 }).map((spans) => {
    return aTrace(...spans.map((each, i) => ({ ...each, name: `span ${i}` })));
  });
  const each: [string, (of: Trace) => Trace][] = [
    ["shared ids", splitSharedIds],
    ["sort", sortAttributes],
    ["duplicates", dropDuplicates],
    ["parent cycles", breakParentCycles],
    ["clock skew", (of) => adjustClockSkew(of, 20_000_000n)],
    ["clock skew, only told", (of) => adjustClockSkew(of, 0n)],
    ["ip addresses", writeIpAddresses],
    ["library attributes", moveLibraryAttributes],
    ["empty links", dropEmptyLinks],
    ["all", (of) => adjustTrace(of, ADJUST_DEFAULTS)],
  ];

  test.each(each)("%s: loses no span, leaves its input alone, and a second time changes nothing", (_name, adjust) => {
    fc.assert(
      fc.property(trace, (given) => {
        const before = structuredClone(given);
        const once = adjust(given);
        expect(given).toEqual(before);
        expect(once.spans.map(({ name }) => name).sort()).toEqual(given.spans.map(({ name }) => name).sort());
        expect(adjust(once)).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  test("after all of them every span can be reached from one without a parent in the trace", () => {
    fc.assert(
      fc.property(trace, (given) => {
        const { spans } = adjustTrace(given, ADJUST_DEFAULTS);
        for (const start of spans) expect(stepsToRoot(start, spans)).toBeLessThanOrEqual(spans.length);
      }),
      { numRuns: 300 },
    );
  });

  /** Follows what the UI takes for the parent; more steps than spans mean a circle. */
  function stepsToRoot(start: Span, spans: readonly Span[]): number {
    let steps = 0;
    for (let span: Span | undefined = start; span !== undefined && steps <= spans.length; steps++) {
      const inTrace = span.links.find((each) => each.traceId === TRACE_ID)?.spanId;
      const parent: string | undefined = span.parentSpanId ?? inTrace;
      span = spans.find((other) => other.spanId === parent);
    }
    return steps;
  }
});
