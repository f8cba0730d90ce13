import { expect, test } from "vitest";
import { MERGE_LIMITS } from "../../../../lib/store/merge/limits.ts";
import { mergeSegments } from "../../../../lib/store/merge/merge-segments.ts";
import { readMergedInputs } from "../../../../lib/store/merge/read-inputs.ts";
import { SEGMENT_LIMITS } from "../../../../lib/store/segment/limits.ts";
import { MANY_PARTS, MERGE_HOUR, trafficSegment } from "../../../support/merge-inputs.ts";
import { merged, mergedSource, segmentSource } from "../../../support/merging.ts";

const SERVICES = ["frontend", "checkout", "cart", "email", "nobody"];
const LIMITS = [SEGMENT_LIMITS, { ...SEGMENT_LIMITS, headBytes: 0 }, MANY_PARTS];
const SOURCES = Array.from({ length: 9 }, (_, n) => {
  const built = trafficSegment(n, { seed: n, traces: n < 3 ? 1 : 20, limits: LIMITS[n % 3] ?? SEGMENT_LIMITS });
  return segmentSource({ ...built, isLate: n === 4 }, 1_760_400_000_000 + n * 1000);
});

test("the table of inputs says of each what its own head said, by the time of its plan", async () => {
  for (const inputPartBytes of [MERGE_LIMITS.inputPartBytes, 200]) {
    const whole = await merged(SOURCES.toReversed(), { ...MERGE_LIMITS, inputPartBytes });
    expect(whole.inputs.length > 1).toBe(inputPartBytes === 200);
    expect(whole.head.inputParts).toBe(whole.inputs.length);
    const read = readMergedInputs(whole.inputs);
    expect(read.map(({ at, hour, isLate }) => ({ at, hour, isLate }))).toEqual(
      SOURCES.map(({ input }) => ({ at: input.at, hour: MERGE_HOUR, isLate: input.isLate })),
    );
    for (const [n, { head }] of read.entries()) {
      const own = (SOURCES[n] as (typeof SOURCES)[number]).input.head;
      const { mayHoldService, mayHoldOperation, shardId, last, body, ...facts } = own;
      expect(head).toMatchObject(facts);
      expect(head.body).toBe(typeof body === "object" ? "inline" : body);
      expect(SERVICES.map(head.mayHoldService)).toEqual(SERVICES.map(mayHoldService));
      for (const service of SERVICES) expect(head.mayHoldOperation(service, "GET")).toBe(mayHoldService(service));
    }
    expect(new Set(read.map(({ head }) => head.body))).toEqual(new Set(["inline", "bundled", "parts"]));
  }
});

test("a segment that may hold any service still may when it is merged, and merged again", async () => {
  const [first] = SOURCES.map(({ input, terms }) => {
    const head = { ...input.head, serviceHashes: undefined, mayHoldService: () => true };
    return { input: { ...input, head }, terms };
  });
  if (first === undefined) throw new Error("no segment");
  const whole = await merged([mergedSource(await merged([first])), ...SOURCES.slice(1)]);
  const [head] = readMergedInputs(whole.inputs).map((input) => input.head);
  expect(head?.mayHoldService("nobody")).toBe(true);
});

test("the head sums up its inputs", async () => {
  const { head } = await merged(SOURCES);
  const heads = SOURCES.map(({ input }) => input.head);
  const sorted = (values: bigint[]) => values.toSorted((a, b) => (a < b ? -1 : 1));
  expect(head).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    ...{ spans: heads.reduce((sum, { spans }) => sum + spans, 0), cutSpans: 0, inputs: SOURCES.length },
    ...{ minStart: sorted(heads.map(({ minStart }) => minStart))[0] },
    ...{ maxStart: sorted(heads.map(({ maxStart }) => maxStart)).at(-1) },
    ...{ minDuration: sorted(heads.map(({ minDuration }) => minDuration))[0] },
    ...{ maxDuration: sorted(heads.map(({ maxDuration }) => maxDuration)).at(-1) },
    ...{ minAt: 1_760_400_000_000, maxAt: 1_760_400_008_000 },
    kinds: heads.reduce((kinds, head) => kinds | head.kinds, 0),
  });
});

test("what cannot be one merged segment is refused in words", () => {
  const [first, second] = SOURCES as [(typeof SOURCES)[number], (typeof SOURCES)[number]];
  const other = { ...second, input: { ...second.input, hour: 1 } };
  expect(() => mergeSegments([])).toThrow("0 segments to merge, expected from 1 to 8192");
  expect(() => mergeSegments([first, second], { ...MERGE_LIMITS, inputs: 1 })).toThrow(/^2 segments to merge/);
  expect(() => mergeSegments([first, other])).toThrow(/^segments of hours/);
  expect(() => mergeSegments([first, first])).toThrow(/to merge twice$/);
});
