import { describe, expect, test } from "vitest";
import { openMergedTerms } from "../../../../lib/store/merge/find-merged-terms.ts";
import { openMergedTraces } from "../../../../lib/store/merge/find-merged-traces.ts";
import { MERGE_LIMITS } from "../../../../lib/store/merge/limits.ts";
import { Pieces, ROWS } from "../../../../lib/store/merge/pieces.ts";
import { writeMergedTerms } from "../../../../lib/store/merge/write-merged-terms.ts";
import { writeMergedTraces } from "../../../../lib/store/merge/write-merged-traces.ts";
import { trafficSegment } from "../../../support/merge-inputs.ts";
import { segmentSource } from "../../../support/merging.ts";

const INPUTS = [0, 1].map((n) => segmentSource(trafficSegment(n, { seed: n, traces: 2 }), n).input);

/** @param terms of each input, all in the first hundredth of the hashes, each with so many numbers */
function crowded(terms: number, numbers: number): Pieces {
  const pieces = new Pieces();
  for (const input of INPUTS.keys())
    for (let n = 0; n < terms; n++) {
      pieces.open(n * 10, input, ROWS);
      for (let value = 0; value < numbers; value++) pieces.value(value);
    }
  return pieces;
}

describe.each([
  ["more terms than can be sorted", crowded(2 ** 20 + 5, 0)],
  ["more numbers than can be held", crowded(3000, 1000)],
  ["terms that an item cannot hold", crowded(500_000, 1)],
])("a range of hashes with %s", (_, pieces) => {
  test("is answered by every input", () => {
    const part = writeMergedTerms(pieces, { inputs: 2, rowStride: 2000 }, MERGE_LIMITS);
    expect(part.length).toBeLessThanOrEqual(MERGE_LIMITS.itemBytes);
    for (const hash of [0, 10, 11])
      expect(openMergedTerms(part)(hash)).toEqual([
        { input: 0, rows: "ask" },
        { input: 1, rows: "ask" },
      ]);
  });

  test("leads a trace id to every page of every input, and none beyond the range", () => {
    const part = writeMergedTraces(pieces, INPUTS, { n: 0, parts: 4 }, MERGE_LIMITS);
    expect(part.length).toBeLessThanOrEqual(MERGE_LIMITS.itemBytes);
    const find = openMergedTraces(part);
    const pages = INPUTS.map(({ head }) => ({ segment: head.segment, page: 0 }));
    for (const hash of [0, 11, 2 ** 30 - 1]) expect(find(hash)).toMatchObject(pages);
    expect(find(2 ** 30)).toEqual([]);
  });
});
