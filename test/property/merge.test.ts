import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MERGE_LIMITS, type MergeLimits } from "../../lib/store/merge/limits.ts";
import type { MergeSource, SegmentSource } from "../../lib/store/merge/merge-segments.ts";
import type { BuiltSegment } from "../../lib/store/segment/build-segments.ts";
import { openTerms, type TermFinder } from "../../lib/store/segment/find-term.ts";
import { SEGMENT_LIMITS } from "../../lib/store/segment/limits.ts";
import { termPart } from "../../lib/store/segment/term-hash.ts";
import { Random } from "../data/random.ts";
import { MANY_PARTS, MERGE_HOUR_MILLIS, trafficSegment } from "../support/merge-inputs.ts";
import { type Merged, merged, mergedSource, type OpenMerged, openMerged, segmentSource } from "../support/merging.ts";
import { segmentHashes } from "../support/segment-hashes.ts";

vi.setConfig({ testTimeout: 120_000 });

interface Shape {
  readonly seed: number;
  readonly traces: number;
  readonly at: number;
  readonly limits: number;
}

const SEGMENTS = [
  SEGMENT_LIMITS,
  MANY_PARTS,
  // So little room that some parts answer every hash with everything.
  { ...MANY_PARTS, itemBytes: 22, pageBytes: 800 },
];

const shapes = fc.array(
  fc.record({
    seed: fc.nat({ max: 1000 }),
    traces: fc.integer({ min: 1, max: 12 }),
    at: fc.nat({ max: 5000 }),
    limits: fc.constantFrom(0, 0, 1, 1, 2),
  }),
  { minLength: 1, maxLength: 7 },
);

const MERGES: readonly MergeLimits[] = [
  MERGE_LIMITS,
  { ...MERGE_LIMITS, termPartBytes: 500, tracePartBytes: [200, 400], inputPartBytes: 200, listedEntries: 40 },
  { ...MERGE_LIMITS, termPartBytes: 900, tracePartBytes: [200, 400], listedEntries: 5 },
];

const built = ({ seed, traces, limits }: Shape, n: number): BuiltSegment =>
  trafficSegment(n, { seed, traces, limits: SEGMENTS[limits] ?? SEGMENT_LIMITS });

interface Made {
  readonly source: SegmentSource;
  readonly find: TermFinder;
}

const made = (all: readonly Shape[]): Promise<Made[]> =>
  Promise.all(
    all.map(async (shape, n) => {
      const source = segmentSource(built(shape, n), MERGE_HOUR_MILLIS + shape.at);
      const { termParts } = source.input.head;
      const parts = await Promise.all(Array.from({ length: termParts }, (_, part) => source.terms(part)));
      const finders = parts.map(openTerms);
      return { source, find: (hash) => finders[termPart(hash, termParts)]?.(hash) };
    }),
  );

/** All hashes that segments list. */
async function hashesOf(all: readonly Made[]): Promise<Set<number>> {
  const hashes = new Set<number>();
  for (const { source } of all)
    for (let n = 0; n < source.input.head.termParts; n++)
      for (const hash of segmentHashes(await source.terms(n))) hashes.add(hash);
  return hashes;
}

interface Answer {
  readonly rows: readonly number[];
  readonly sources: readonly number[];
}

/** What the merged segment says of a term, in the segments' own words: "ask" is answered by the segment. */
function answers(whole: OpenMerged, all: readonly Made[], hash: number): Map<string, Answer> {
  return new Map(
    whole.find(hash).map((posting) => {
      const id = whole.inputs[posting.input]?.head.segment ?? "";
      if (posting.rows !== "ask") return [id, { rows: [...posting.rows], sources: [...posting.sources] }];
      const own = all.find(({ source }) => source.input.head.segment === id)?.find(hash);
      return [id, { rows: [...(own?.rows.rows() ?? [])], sources: [...(own?.sources ?? [])] }];
    }),
  );
}

function expected(all: readonly Made[], hash: number): Map<string, Answer> {
  const found = new Map<string, Answer>();
  for (const { source, find } of all) {
    const posting = find(hash);
    if (posting === undefined || (posting.rows.count === 0 && posting.sources.length === 0)) continue;
    found.set(source.input.head.segment, { rows: [...posting.rows.rows()], sources: [...posting.sources] });
  }
  return found;
}

function expectSameAnswers(whole: Merged, all: readonly Made[], hashes: Iterable<number>): void {
  const open = openMerged(whole);
  for (const hash of hashes) {
    expect(answers(open, all, hash)).toEqual(expected(all, hash));
    const pages = open.findTrace(hash).map(({ segment, page }) => `${segment} ${page}`);
    const own = all.flatMap(({ source, find }) =>
      [...(find(hash)?.pages ?? [])].map((page) => `${source.input.head.segment} ${page}`),
    );
    expect(pages.sort()).toEqual(own.sort());
  }
}

test("every term leads to the rows and sources that it leads to in each input, every trace id to its pages, and absent ones to nothing", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.constantFrom(...MERGES), async (all, limits) => {
      const segments = await made(all);
      const whole = await merged(
        segments.map(({ source }) => source),
        limits,
      );
      const random = new Random(3);
      const absent = Array.from({ length: 50 }, () => random.uint32());
      expectSameAnswers(whole, segments, [...(await hashesOf(segments)), ...absent, 0, 0xffff_ffff]);
    }),
    { numRuns: 15, seed: 5 },
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
      const sources = (await made(all)).map(({ source }) => source);
      expect(await inGroups(sources, new Random(seed), limits)).toEqual(await merged(sources, limits));
    }),
    { numRuns: 15, seed: 6 },
  );
});
