import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MERGE_LIMITS, type MergeLimits } from "../../lib/store/merge/limits.ts";
import type { MergeSource, SegmentSource } from "../../lib/store/merge/merge-segments.ts";
import { readMergedInputs } from "../../lib/store/merge/read-inputs.ts";
import { gatherSpans } from "../../lib/store/plan-spans.ts";
import { type BuiltSegment, buildSegments } from "../../lib/store/segment/build-segments.ts";
import { SEGMENT_LIMITS } from "../../lib/store/segment/limits.ts";
import { Random } from "../data/random.ts";
import { encodeRequest, traces as traffic } from "../data/traffic.ts";
import { findMerged, findTrace, type Merged, merged, mergedSource, segmentSource } from "../support/merging.ts";
import { contentsOf, type SegmentContents } from "../support/segment-contents.ts";
import { segmentHashes } from "../support/segment-hashes.ts";

vi.setConfig({ testTimeout: 120_000 });

const HOUR_MILLIS = 3_600_000;
const HOUR = 489_000;

interface Shape {
  readonly seed: number;
  readonly traces: number;
  readonly at: number;
  readonly limits: number;
}

const SEGMENTS = [
  SEGMENT_LIMITS,
  { ...SEGMENT_LIMITS, headBytes: 0, bundleBytes: 0, termPartBytes: 600 },
  // So little room that every part answers with everything.
  { ...SEGMENT_LIMITS, headBytes: 0, bundleBytes: 0, itemBytes: 2500, pageBytes: 800, termPartBytes: 600 },
];

const shapes = fc.array(
  fc.record({
    seed: fc.nat({ max: 1000 }),
    traces: fc.integer({ min: 1, max: 12 }),
    at: fc.nat({ max: 5000 }),
    limits: fc.constantFrom(0, 0, 1, 1, 1),
  }),
  { minLength: 1, maxLength: 7 },
);

const MERGES: readonly MergeLimits[] = [
  MERGE_LIMITS,
  { ...MERGE_LIMITS, termPartBytes: 500, tracePartBytes: [200, 400], inputPartBytes: 200, listedEntries: 40 },
  { ...MERGE_LIMITS, termPartBytes: 900, tracePartBytes: [200, 400], listedEntries: 5 },
];

function built({ seed, traces, limits }: Shape, n: number): BuiltSegment {
  const startMillis = HOUR * HOUR_MILLIS + 60_000 * n;
  const spans = [...traffic({ seed, traces, spansPerTrace: 6, startMillis, spreadMillis: 50_000 })].flat();
  const batch = { tenant: "t", receivedNanos: BigInt(startMillis) * 1_000_000n, traces: encodeRequest(spans) };
  const plan = { stream: "s@1", shardId: `shard-${n}`, first: "1", last: "2", at: startMillis, closed: -1 };
  const [segment] = gatherSpans([batch]).flatMap((gathered) => buildSegments(gathered, plan, SEGMENTS[limits]));
  if (segment === undefined) throw new Error("no segment");
  return segment;
}

interface Made {
  readonly contents: SegmentContents;
  readonly source: SegmentSource;
}

const made = (all: readonly Shape[]): Made[] =>
  all.map((shape, n) => {
    const segment = built(shape, n);
    return { contents: contentsOf(segment), source: segmentSource(segment, HOUR * HOUR_MILLIS + shape.at) };
  });

/** All hashes that segments list. */
async function hashesOf(all: readonly Made[]): Promise<Set<number>> {
  const hashes = new Set<number>();
  for (const { source } of all)
    for (let n = 0; n < source.input.head.termParts; n++)
      for (const hash of segmentHashes(await source.terms(n))) hashes.add(hash);
  return hashes;
}

/** What the merged segment says of a term, in the segments' own words: "ask" is answered by the segment. */
function answers(
  whole: Merged,
  all: readonly Made[],
  hash: number,
): Map<string, { rows: number[]; sources: number[] }> {
  const inputs = readMergedInputs(whole.inputs);
  return new Map(
    findMerged(whole, hash).map((posting) => {
      const id = inputs[posting.input]?.head.segment ?? "";
      if (posting.rows !== "ask") return [id, { rows: [...posting.rows], sources: [...posting.sources] }];
      const own = all.find(({ contents }) => contents.head.segment === id)?.contents.find(hash);
      return [id, { rows: [...(own?.rows.rows() ?? [])], sources: [...(own?.sources ?? [])] }];
    }),
  );
}

function expected(all: readonly Made[], hash: number): Map<string, { rows: number[]; sources: number[] }> {
  const found = new Map<string, { rows: number[]; sources: number[] }>();
  for (const { contents } of all) {
    const posting = contents.find(hash);
    if (posting === undefined || (posting.rows.count === 0 && posting.sources.length === 0)) continue;
    found.set(contents.head.segment, { rows: [...posting.rows.rows()], sources: [...posting.sources] });
  }
  return found;
}

function expectSameAnswers(whole: Merged, all: readonly Made[], hashes: Iterable<number>): void {
  for (const hash of hashes) {
    expect(answers(whole, all, hash)).toEqual(expected(all, hash));
    const pages = findTrace(whole, hash).map(({ segment, page }) => `${segment} ${page}`);
    const own = all.flatMap(({ contents }) =>
      [...(contents.find(hash)?.pages ?? [])].map((page) => `${contents.head.segment} ${page}`),
    );
    expect(pages.sort()).toEqual(own.sort());
  }
}

test("every term leads to the rows and sources that it leads to in each input, every trace id to its pages, and absent ones to nothing", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.constantFrom(...MERGES), async (all, limits) => {
      const segments = made(all);
      const whole = await merged(
        segments.map(({ source }) => source),
        limits,
      );
      const random = new Random(3);
      const absent = Array.from({ length: 50 }, () => random.uint32());
      expectSameAnswers(whole, segments, [...(await hashesOf(segments)), ...absent, 0, 0xffff_ffff]);
    }),
    { numRuns: 25, seed: 5 },
  );
});

/** Merges in random groups, those again, until one is left. */
async function inGroups(sources: readonly MergeSource[], random: Random, limits: MergeLimits): Promise<Merged> {
  const rest = [...sources];
  for (;;) {
    const group: MergeSource[] = [];
    const size = 1 + random.below(Math.min(4, rest.length));
    while (group.length < size) group.push(...rest.splice(random.below(rest.length), 1));
    const whole = await merged(group, limits);
    if (rest.length === 0) return whole;
    rest.push(mergedSource(whole));
  }
}

test("merged in any groups and any order, segments make the same merged segment to the last byte", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.constantFrom(...MERGES), fc.nat(), async (all, limits, seed) => {
      const sources = made(all).map(({ source }) => source);
      expect(await inGroups(sources, new Random(seed), limits)).toEqual(await merged(sources, limits));
    }),
    { numRuns: 25, seed: 6 },
  );
});
