import { expect, test } from "vitest";
import { traceId } from "../../../../lib/model/ids.ts";
import { MERGE_LIMITS, type MergeLimits } from "../../../../lib/store/merge/limits.ts";
import { findTerm } from "../../../../lib/store/segment/find-term.ts";
import { tagTerm, termPart, traceTerm } from "../../../../lib/store/segment/term-hash.ts";
import { traces } from "../../../data/traffic.ts";
import { MANY_PARTS, MERGE_HOUR_MILLIS, segmentOf } from "../../../support/merge-inputs.ts";
import { type Merged, merged, mergedSource, openMerged, segmentSource } from "../../../support/merging.ts";

const SPANS = [0, 1, 2, 3].map((n) =>
  [...traces({ seed: n, traces: 30, spansPerTrace: 8, startMillis: MERGE_HOUR_MILLIS, spreadMillis: 1000 })].flat(),
);
const SOURCES = SPANS.map((spans, n) => segmentSource(segmentOf(n, spans, MANY_PARTS), n));
const TRACES = SPANS.map((spans) => [...new Set(spans.map((span) => span.traceId))]);
/** Each with the spans of each segment that carry it. */
const TAGS = ["http.request.method", "thread.id", "app.order.id"].flatMap((key) =>
  [...new Set(SPANS.flat().flatMap(({ attributes }) => attributes.filter((pair) => pair[0] === key).map(String)))]
    .map((pair) => pair.slice(key.length + 1))
    .map((value) => ({ key, value })),
);

/** Every tag and every trace is found in every input that has it. */
async function expectNothingLost(whole: Merged): Promise<void> {
  const { inputs, find, findTrace } = openMerged(whole);
  for (const { key, value } of TAGS) {
    const hash = tagTerm(key, value);
    const postings = find(hash);
    for (const [n, spans] of SPANS.entries()) {
      const carriers = spans.filter(({ attributes }) => attributes.some((pair) => String(pair) === `${key},${value}`));
      if (carriers.length === 0) continue;
      const posting = postings.find(({ input }) => inputs[input]?.at === n);
      if (posting?.rows !== "ask") expect(posting?.rows.length).toBe(carriers.length);
    }
  }
  for (const [n, ids] of TRACES.entries())
    for (const id of ids) {
      const { head, terms } = { head: SOURCES[n]?.input.head, terms: SOURCES[n]?.terms };
      const hash = traceTerm(traceId(id));
      const part = await terms?.(termPart(hash, head?.termParts ?? 1));
      const pages = findTrace(hash)
        .filter(({ segment }) => segment === head?.segment)
        .map(({ page }) => page);
      expect(pages).toEqual(expect.arrayContaining([...(findTerm(part ?? new Uint8Array(), hash)?.pages ?? [])]));
      expect(pages.length).toBeGreaterThan(0);
    }
}

const SMALL: MergeLimits = { ...MERGE_LIMITS, termPartBytes: 2000, tracePartBytes: [500, 1000], inputPartBytes: 300 };

test("no item is larger than it may be, and where less fits more is asked of the inputs, never less", async () => {
  let asked = 0;
  for (const itemBytes of [4000, 1200, 300]) {
    const limits = { ...SMALL, itemBytes };
    const whole = await merged(SOURCES, limits);
    for (const part of [...whole.inputs, ...whole.terms, ...whole.traces])
      expect(part.length).toBeLessThanOrEqual(itemBytes);
    await expectNothingLost(whole);
    const { find } = openMerged(whole);
    const more = TAGS.flatMap(({ key, value }) => find(tagTerm(key, value))).filter(
      ({ rows }) => rows === "ask",
    ).length;
    expect(more).toBeGreaterThanOrEqual(asked);
    asked = more;
    const again = await merged([mergedSource(await merged(SOURCES.slice(0, 2), limits)), ...SOURCES.slice(2)], limits);
    await expectNothingLost(again);
  }
  expect(asked).toBeGreaterThan(0);
});

test("a part that holds no more than which inputs there are asks all of them, and leads a trace id to all of their pages", async () => {
  const limits = { ...SMALL, termPartBytes: 2 ** 20, tracePartBytes: [2 ** 20, 2 ** 20] as const, itemBytes: 200 };
  const whole = await merged(SOURCES, limits);
  expect([whole.terms.length, whole.traces.length]).toEqual([1, 1]);
  const { find, findTrace, inputs } = openMerged(whole);
  expect(find(5)).toEqual(inputs.map((_, input) => ({ input, rows: "ask" })));
  expect(findTrace(5).length).toBe(inputs.reduce((sum, { head }) => sum + head.pages, 0));
  await expectNothingLost(whole);
  await expectNothingLost(await merged([mergedSource(whole)], SMALL));
});

test("a term is listed with up to so many rows and sources, and asked for beyond", async () => {
  const counts = TAGS.map(({ key, value }) => ({
    hash: tagTerm(key, value),
    count: SPANS.flat().filter(({ attributes }) => attributes.some((pair) => String(pair) === `${key},${value}`))
      .length,
  }));
  for (const listedEntries of [0, 1, 20, 1000]) {
    const { find } = openMerged(await merged(SOURCES, { ...MERGE_LIMITS, listedEntries }));
    for (const { hash, count } of counts)
      expect(find(hash).some(({ rows }) => rows === "ask")).toBe(count > listedEntries);
  }
});

test("as many inputs as a merged segment may have fit in the items of its traces and terms", async () => {
  const [first] = SOURCES;
  if (first === undefined) throw new Error("no segment");
  const { head } = first.input;
  const many = Array.from({ length: MERGE_LIMITS.inputs }, (_, n) => {
    const segment = n.toString(16).padStart(32, "0");
    const at = n * 100_000;
    const input = { ...first.input, at, head: { ...head, segment, pages: 2 ** 20, termParts: 1 } };
    return { input, terms: async () => SATURATED };
  });
  const whole = await merged(many, { ...MERGE_LIMITS, termPartBytes: 2 ** 30, tracePartBytes: [2 ** 30, 2 ** 30] });
  expect([whole.terms.length, whole.traces.length]).toEqual([1, 1]);
  for (const part of [...whole.inputs, ...whole.terms, ...whole.traces])
    expect(part.length).toBeLessThanOrEqual(MERGE_LIMITS.itemBytes);
  expect(openMerged(whole).find(7).length).toBe(many.length);
});

/** A part of a segment that answers every hash: 1 row, 1 source, 1 page. */
const SATURATED = Uint8Array.of(1, 1, 1, 1, 1);
