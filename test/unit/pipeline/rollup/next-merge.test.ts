import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Mergeable, nextMerge, type UnmergedHead } from "../../../../lib/pipeline/rollup/next-merge.ts";
import type { MergedHead } from "../../../../lib/store/merge/types.ts";
import type { Head } from "../../../../lib/store/segment/types.ts";

const MILLION = 1_000_000;

let ids = 0;
const headOf = (at: number, spans: number): UnmergedHead => ({
  at,
  // Only what a plan of merges looks at.
  head: { segment: `s${ids++}`, spans } as unknown as Head,
});
const mergedOf = (spans: number, inputs: number): MergedHead => ({
  id: `m${ids++}`,
  ...{ spans, inputs, cutSpans: 0, minStart: 0n, maxStart: 0n, minDuration: 0n, maxDuration: 0n, kinds: 0 },
  ...{ minAt: 0, maxAt: 0, inputParts: 1, termParts: 1, traceParts: 1 },
});
const heads = (count: number, spans: number, from = 0): UnmergedHead[] =>
  Array.from({ length: count }, (_, i) => headOf(from + i, spans));

const open = (state: Partial<Mergeable>): Mergeable => ({
  merged: [],
  heads: [],
  mark: 10 ** 6,
  isClosing: false,
  ...state,
});

interface World {
  merged: MergedHead[];
  /** Which heads a merged segment comes from. */
  readonly from: Map<MergedHead, readonly UnmergedHead[]>;
  /** How often each head's postings were written. */
  readonly written: Map<UnmergedHead, number>;
  /** Heads below this are in `merged`. */
  mark: number;
}

const aWorld = (): World => ({ merged: [], from: new Map(), written: new Map(), mark: 0 });

/** Does what is to be done until nothing is. */
function settle(world: World, all: readonly UnmergedHead[], mark: number, isClosing: boolean): void {
  for (let steps = 0; steps < 10_000; steps++) {
    const left = all.filter(({ at }) => at >= world.mark && at < mark);
    const step = nextMerge({ merged: world.merged, heads: left, mark, isClosing });
    if (step === undefined) return;
    const inputs = [...step.heads, ...step.merged.flatMap((one) => world.from.get(one) ?? [])];
    for (const one of inputs) world.written.set(one, (world.written.get(one) ?? 0) + 1);
    const made = mergedOf(
      inputs.reduce((sum, { head }) => sum + head.spans, 0),
      inputs.length,
    );
    world.from.set(made, inputs);
    world.merged = [...world.merged.filter((one) => !step.merged.includes(one)), made];
    world.mark = step.heads.length > 0 ? step.mark : world.mark;
  }
  throw new Error("it never ends");
}

const names = (all: readonly UnmergedHead[]) => all.map(({ head }) => head.segment).sort();

/** What is merged is what stands below the mark, each once. */
const expectExact = (world: World, all: readonly UnmergedHead[]): void =>
  expect(names(world.merged.flatMap((one) => world.from.get(one) ?? []))).toEqual(
    names(all.filter(({ at }) => at < world.mark)),
  );

describe("an open hour", () => {
  test("is left alone below 64 heads, and merged from there on", () => {
    expect(nextMerge(open({ heads: heads(63, 100) }))).toBeUndefined();
    const all = heads(64, 100);
    expect(nextMerge(open({ heads: all }))).toEqual({ heads: all, merged: [], mark: 10 ** 6 });
  });

  test("of full plans writes every posting once", () => {
    const all = heads(720, 60_000);
    const world = aWorld();
    for (let now = 1; now <= 720; now++) settle(world, all, now, false);
    settle(world, all, 720, true);
    expectExact(world, all);
    expect(Math.max(...world.written.values())).toBe(1);
    expect(world.merged.filter(({ spans }) => spans < 2 * MILLION).length).toBeLessThanOrEqual(1);
  });

  test("of small plans writes every posting twice, and ends as one segment", () => {
    const all = heads(720, 50);
    const world = aWorld();
    for (let now = 1; now <= 720; now++) settle(world, all, now, false);
    settle(world, all, 720, true);
    expect(world.merged.map(({ spans, inputs }) => [spans, inputs])).toEqual([[36_000, 720]]);
    expect(Math.max(...world.written.values())).toBe(2);
  });

  test("never shows a reader more than a hundred, however many small plans it has", () => {
    const all = heads(3_000, 3);
    const world = aWorld();
    for (let now = 1; now <= all.length; now++) {
      settle(world, all, now, false);
      const unmerged = now - all.findIndex(({ at }) => at >= world.mark);
      expect(world.merged.length + Math.min(unmerged, now)).toBeLessThanOrEqual(100);
    }
    expect(Math.max(...world.written.values())).toBeLessThanOrEqual(3);
  });
});

describe("a closing hour", () => {
  test("leaves large merged segments as they are and merges the small ones with what is left", () => {
    const large = mergedOf(3 * MILLION, 64);
    const small = mergedOf(MILLION, 64);
    const all = heads(3, 10);
    const step = nextMerge(open({ merged: [large, small], heads: all, isClosing: true }));
    expect(step).toEqual({ heads: all, merged: [small], mark: 10 ** 6 });
  });

  test("has nothing to do when one is left, or none", () => {
    expect(nextMerge(open({ isClosing: true }))).toBeUndefined();
    expect(nextMerge(open({ isClosing: true, merged: [mergedOf(5, 1)] }))).toBeUndefined();
    expect(nextMerge(open({ isClosing: true, merged: [mergedOf(3 * MILLION, 64), mergedOf(5, 1)] }))).toBeUndefined();
  });
});

test("whatever comes, when and in whatever size: all below the mark is merged once, nothing else is, and no segment is too large", () => {
  const event = fc.record({
    heads: fc.array(fc.tuple(fc.nat(3), fc.oneof(fc.nat(100), fc.nat(MILLION))), { maxLength: 90 }),
    // How much of what there is can be merged.
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      const world = aWorld();
      const all: UnmergedHead[] = [];
      let at = 0;
      for (const { heads: made, share } of events) {
        // Several shards make heads at the same time.
        for (const [later, spans] of made) {
          at += later;
          all.push(headOf(at, spans));
        }
        settle(world, all, Math.max(world.mark, Math.floor(at * share)), false);
        expectExact(world, all);
      }
      settle(world, all, at + 1, true);
      world.mark = at + 1;
      expectExact(world, all);
      for (const one of world.merged) {
        const times = new Set((world.from.get(one) ?? []).map((head) => head.at));
        // Those of one time cannot be told apart by a mark.
        if (times.size > 1) expect(one.spans).toBeLessThanOrEqual(4 * MILLION);
      }
      expect(nextMerge({ merged: world.merged, heads: [], mark: at + 1, isClosing: true })).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});
