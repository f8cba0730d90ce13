import fc from "fast-check";
import { expect, test } from "vitest";
import { TracingError } from "../../../../lib/model/errors.ts";
import { readSummary } from "../../../../lib/store/merge/read-summary.ts";
import type { HourSummary, MergedHead } from "../../../../lib/store/merge/types.ts";
import { writeSummary } from "../../../../lib/store/merge/write-summary.ts";
import { Random } from "../../../data/random.ts";

const HOUR = 489_000;
const HOUR_START = BigInt(HOUR) * 3_600_000_000_000n;
const at = fc.integer({ min: 0, max: 2 ** 52 });
const nanos = fc.bigInt({ min: HOUR_START, max: HOUR_START + 3_599_999_999_999n });
const duration = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const count = fc.nat({ max: 4000 });

const ascending = <T>(pair: readonly [T, T]): [T, T] => (pair[0] <= pair[1] ? [pair[0], pair[1]] : [pair[1], pair[0]]);

const mergedHead: fc.Arbitrary<MergedHead> = fc
  .record({
    ...{ id: fc.uint8Array({ minLength: 16, maxLength: 16 }), starts: fc.tuple(nanos, nanos) },
    ...{ durations: fc.tuple(duration, duration), ats: fc.tuple(at, at), kinds: fc.nat({ max: 63 }) },
    ...{ spans: fc.nat(), cutSpans: fc.nat(), inputs: count, inputParts: count, termParts: count, traceParts: count },
  })
  .map(({ id, starts, durations, ats, ...rest }) => {
    const [[minStart, maxStart], [minDuration, maxDuration]] = [ascending(starts), ascending(durations)];
    const [minAt, maxAt] = ascending(ats);
    return { id: Buffer.from(id).toString("hex"), minStart, maxStart, minDuration, maxDuration, minAt, maxAt, ...rest };
  });

const summaries: fc.Arbitrary<HourSummary> = fc.record({
  ...{ hour: fc.constant(HOUR), isClosed: fc.boolean(), mark: at, markLate: at },
  ...{ merged: fc.array(mergedHead, { maxLength: 5 }), mergedLate: fc.array(mergedHead, { maxLength: 5 }) },
});

const ONE: HourSummary = {
  ...{ hour: HOUR, isClosed: true, mark: 5, markLate: 6, mergedLate: [] },
  merged: fc.sample(mergedHead, { numRuns: 3, seed: 1 }),
};

test("a summary reads back as it was written", () => {
  fc.assert(
    fc.property(summaries, (summary) => {
      expect(readSummary(writeSummary(summary))).toEqual(summary);
    }),
  );
});

test("a summary that no item holds is refused in words", () => {
  const bytes = writeSummary(ONE);
  expect(writeSummary(ONE, bytes.length)).toEqual(bytes);
  expect(() => writeSummary(ONE, bytes.length - 1)).toThrow(
    new TracingError(
      "too_large",
      `summary of hour ${HOUR}: ${bytes.length} bytes, expected at most ${bytes.length - 1}`,
    ),
  );
});

test("a merged segment takes less than 100 bytes of a summary", () => {
  expect(writeSummary(ONE).length).toBeLessThan(ONE.merged.length * 100);
});

test("a summary that is cut off, or of another version, is refused", () => {
  const bytes = writeSummary(ONE);
  for (let length = 0; length < bytes.length; length++)
    expect(() => readSummary(bytes.subarray(0, length))).toThrow(/^segment summary is corrupt at byte/);
  expect(() => readSummary(bytes.with(0, 99))).toThrow("segment summary: format version 99, expected 1");
});

test("a summary with wrong bytes is refused or read, and nothing worse", () => {
  const random = new Random(2);
  for (let n = 0; n < 500; n++) {
    const copy = writeSummary(ONE);
    copy[1 + random.below(copy.length - 1)] = random.below(256);
    try {
      readSummary(copy);
    } catch (error) {
      expect(error).toMatchObject({ name: "TracingError", code: "internal" });
    }
  }
});
