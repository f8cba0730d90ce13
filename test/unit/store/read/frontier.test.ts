import fc from "fast-check";
import { expect, test } from "vitest";
import { frontier } from "../../../../lib/store/read/frontier.ts";
import type { PartOf, SegmentRef } from "../../../../lib/store/read/parts.ts";
import type { Candidate, SegmentScan } from "../../../../lib/store/read/segment-scan.ts";

/** Starts in blocks, newest first; each part of two blocks has to be loaded. */
interface Plan {
  readonly blocks: readonly (readonly number[])[];
  /** How much later than its newest candidate a block claims to begin. */
  readonly slack: number;
}

const BLOCKS_PER_PART = 2;

function scanOf({ blocks, slack }: Plan, number: number): SegmentScan {
  const segment = { hour: number } as SegmentRef;
  const rows = (n: number): PartOf => ({ segment, part: { kind: "rows", n } });
  let block = 0;
  let loaded = 0;
  const boundOf = (starts: readonly number[] | undefined): bigint | undefined =>
    starts === undefined ? undefined : BigInt((starts[0] ?? 0) + slack);
  return {
    weight: () => 1,
    replacedBy: () => undefined,
    bound: () => {
      const own = boundOf(blocks[block]);
      // As the rows are sorted, no block claims to begin later than what came before it ended.
      const before = blocks[block - 1]?.at(-1);
      return own === undefined || before === undefined || own <= BigInt(before) ? own : BigInt(before);
    },
    isWaiting: () => block < blocks.length && Math.floor(block / BLOCKS_PER_PART) >= loaded,
    wants: () => (loaded < Math.ceil(blocks.length / BLOCKS_PER_PART) ? [rows(loaded)] : []),
    expects: () => undefined,
    load: () => {
      loaded++;
      return true;
    },
    advance: () =>
      (blocks[block++] ?? []).map((start): Candidate => ({ segment, start: BigInt(start), page: 0, trace: start % 7 })),
  };
}

const plan = fc.record({
  blocks: fc.array(fc.nat(60), { maxLength: 40 }).chain((starts) =>
    fc.integer({ min: 1, max: 8 }).map((size) => {
      const sorted = [...starts].sort((a, b) => b - a);
      return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => sorted.slice(i * size, (i + 1) * size));
    }),
  ),
  slack: fc.nat(5),
});

test("candidates of any segments, loaded in any order, come out newest first, none lost, those of one start together", () => {
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 6 }), fc.integer({ min: 1, max: 4 }), fc.nat(3), (plans, traces, wave) => {
      const front = frontier(plans.map(scanOf));
      const out: Candidate[] = [];
      for (;;) {
        const taken = front.take(traces, new Set());
        if (out.length > 0 && taken.length > 0) expect((taken[0]?.start ?? 0n) < (out.at(-1)?.start ?? 0n)).toBe(true);
        out.push(...taken);
        const waiting = front.waiting();
        if (taken.length === 0 && waiting.length === 0) break;
        for (const scan of waiting.slice(0, wave + 1)) scan.load(() => undefined);
      }
      const expected = plans.flatMap(({ blocks }) => blocks.flat()).sort((a, b) => b - a);
      expect(out.map(({ start }) => Number(start))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test("the scan that is needed first waits at the front, and no more than asked for is taken", () => {
  const front = frontier(
    [
      { blocks: [[5], [4]], slack: 0 },
      { blocks: [[9, 8, 8], [7]], slack: 0 },
    ].map(scanOf),
  );
  expect(front.take(10, new Set())).toEqual([]);
  expect(front.waiting().map((scan) => scan.wants()[0]?.segment.hour)).toEqual([1, 0]);
  for (const scan of front.waiting()) scan.load(() => undefined);
  expect(front.take(2, new Set()).map(({ start }) => start)).toEqual([9n, 8n, 8n]);
  expect(front.take(1, new Set([0])).map(({ start }) => start)).toEqual([7n, 5n]);
});
