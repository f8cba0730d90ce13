import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { traceId } from "../../lib/model/ids.ts";
import { readMergedInputs } from "../../lib/store/merge/read-inputs.ts";
import { readSummary } from "../../lib/store/merge/read-summary.ts";
import { serviceTerm, tagTerm, traceTerm } from "../../lib/store/segment/term-hash.ts";
import { sentSpans } from "../oracle/sent-spans.ts";
import { openMerged } from "../support/merging.ts";

/** The items of a merged segment and of its hour's summary as version 1 wrote them, and the TracesData of each of its three inputs. Never made again: a later version gets files of its own. */
const golden = (name: string): Uint8Array => readFileSync(new URL(`merged-v1/${name}.bin`, import.meta.url));
const several = (kind: string, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => golden(`${kind}-${n}`));

const AT = 1_760_400_000_000;
/** Of a term with more rows and sources than this, only which inputs have it is said. */
const LISTED_ENTRIES = 20;
const SENT = several("sent", 3).map(sentSpans);

test("a summary of version 1 stays readable", () => {
  expect(readSummary(golden("summary"))).toMatchObject({
    ...{ hour: 489_000, isClosed: true, mark: AT + 600_000, markLate: AT + 300_000, mergedLate: [] },
    merged: [{ spans: SENT.flat().length, inputs: 3, inputParts: 1, minAt: AT, maxAt: AT + 10_000 }],
  });
});

test("a merged segment of version 1 stays readable", () => {
  const [head] = readSummary(golden("summary")).merged;
  if (head === undefined) throw new Error("no merged segment");
  const inputs = several("inputs", head.inputParts);
  const parts = { terms: several("terms", head.termParts), traces: several("traces", head.traceParts) };
  const { find, findTrace } = openMerged({ head, inputs, ...parts });
  const table = readMergedInputs(inputs);
  expect(
    table.map(({ head: own, hour, at, isLate }) => ({ spans: own.spans, body: own.body, hour, at, isLate })),
  ).toEqual([
    { spans: SENT[0]?.length, body: "inline", hour: 489_000, at: AT, isLate: false },
    { spans: SENT[1]?.length, body: "bundled", hour: 489_000, at: AT + 5_000, isLate: true },
    { spans: SENT[2]?.length, body: "parts", hour: 489_000, at: AT + 10_000, isLate: false },
  ]);
  let asked = 0;
  for (const [input, spans] of SENT.entries())
    for (const span of spans) {
      expect(table[input]?.head.mayHoldService(span.service)).toBe(true);
      expect(find(serviceTerm(span.service)).map((posting) => posting.input)).toContain(input);
      expect(findTrace(traceTerm(traceId(span.traceId)))).toEqual([
        { segment: table[input]?.head.segment, at: table[input]?.at, page: 0, ...bodyOf(input) },
      ]);
      for (const [key, text] of span.own) {
        const carriers = SENT.map((own) =>
          own.filter((other) => other.own.some((pair) => String(pair) === `${key},${text}`)),
        );
        const isAsked = carriers.flat().length > LISTED_ENTRIES;
        if (isAsked) asked++;
        expect(find(tagTerm(key, text)).map(({ input: n, rows }) => [n, rows === "ask" ? "ask" : rows.length])).toEqual(
          carriers.flatMap((own, n) => (own.length === 0 ? [] : [[n, isAsked ? "ask" : own.length]])),
        );
      }
    }
  expect(asked).toBeGreaterThan(0);
});

const bodyOf = (input: number) => ({ body: ["inline", "bundled", "parts"][input], isLate: input === 1 });
