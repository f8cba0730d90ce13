import { expect, test } from "vitest";
import { TracingError } from "../../../../lib/model/errors.ts";
import { MERGE_LIMITS } from "../../../../lib/store/merge/limits.ts";
import { tagTerm } from "../../../../lib/store/segment/term-hash.ts";
import { Random } from "../../../data/random.ts";
import { MANY_PARTS, trafficSegment } from "../../../support/merge-inputs.ts";
import { type Merged, merged, mergedSource, openMerged, segmentSource } from "../../../support/merging.ts";

const LIMITS = { ...MERGE_LIMITS, listedEntries: 60 };
const SOURCES = [0, 1, 2].map((n) => {
  const limits = n === 0 ? {} : { limits: MANY_PARTS };
  return segmentSource(trafficSegment(n, { seed: n, traces: 10, ...limits }), n);
});
const WHOLE = await merged(SOURCES, LIMITS);
const HASHES = ["GET", "SELECT", "none"].map((method) => tagTerm("http.request.method", method));

/** Searches the merged segment and merges it again. */
async function use(whole: Merged): Promise<void> {
  const { find, findTrace } = openMerged(whole);
  for (const hash of [...HASHES, ...Array.from({ length: 20 }, (_, n) => n * 2 ** 27)]) {
    find(hash);
    findTrace(hash);
  }
  await merged([mergedSource(whole)], LIMITS);
}

/** Every way in which one run of bytes is damaged. */
function* damaged(damage: (bytes: Uint8Array) => Uint8Array): Generator<Merged> {
  yield { ...WHOLE, inputs: WHOLE.inputs.map(damage) };
  yield { ...WHOLE, terms: WHOLE.terms.map(damage) };
  yield { ...WHOLE, traces: WHOLE.traces.map(damage) };
}

const faultOf = (whole: Merged): Promise<unknown> =>
  use(whole).then(
    () => undefined,
    (error: unknown) => error,
  );

test("what is searched here is in order", async () => {
  expect(await faultOf(WHOLE)).toBeUndefined();
});

test("a part that is cut off is refused", async () => {
  const random = new Random(1);
  for (let n = 0; n < 20; n++)
    for (const whole of damaged((bytes) => bytes.slice(0, random.below(bytes.length)))) {
      const fault = await faultOf(whole);
      expect(fault).toBeInstanceOf(TracingError);
      expect(fault).toMatchObject({ code: "internal" });
    }
});

test("a part with wrong bytes is refused or read, and nothing worse", async () => {
  const random = new Random(2);
  const flip = (bytes: Uint8Array): Uint8Array => {
    const copy = bytes.slice();
    for (let n = random.below(3); n >= 0; n--) copy[1 + random.below(copy.length - 1)] = random.below(256);
    return copy;
  };
  for (let n = 0; n < 200; n++)
    for (const whole of damaged(flip)) {
      const fault = await faultOf(whole);
      if (fault !== undefined) expect(fault).toMatchObject({ name: "TracingError" });
    }
});

test("a version of the format that is not known is refused by its number", async () => {
  for (const whole of damaged((bytes) => bytes.with(0, 99)))
    expect(String(await faultOf(whole))).toMatch(/segment merged (inputs|terms|traces): format version 99, expected 1/);
});

test("a segment whose terms are damaged is not merged", async () => {
  const random = new Random(3);
  for (let n = 0; n < 50; n++) {
    const source = SOURCES[n % SOURCES.length] as (typeof SOURCES)[number];
    const cut = { ...source, terms: async (part: number) => (await source.terms(part)).slice(0, random.below(100)) };
    await expect(merged([cut], LIMITS)).rejects.toMatchObject({ name: "TracingError", code: "internal" });
  }
});

test("parts that do not belong together are refused", async () => {
  const [first, second] = await Promise.all([merged(SOURCES.slice(0, 2), LIMITS), merged(SOURCES.slice(1), LIMITS)]);
  const crossed = { ...mergedSource(first), traces: mergedSource(second).traces };
  await expect(merged([crossed], LIMITS)).rejects.toThrow(/is not an input/);
  const swapped = { ...mergedSource(WHOLE), inputs: mergedSource(first).inputs };
  await expect(merged([swapped], LIMITS)).rejects.toThrow(/3 inputs, expected 2/);
});

test("a part that cannot be loaded ends the merge with that fault, and no other rejection is left unhandled", async () => {
  const source = SOURCES[1] as (typeof SOURCES)[number];
  const gone = { ...source, terms: async (n: number) => (n < 2 ? source.terms(n) : Promise.reject(new Error("gone"))) };
  await expect(merged([gone, SOURCES[0] as typeof source], LIMITS)).rejects.toThrow("gone");
});
