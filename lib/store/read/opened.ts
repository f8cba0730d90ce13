import { invalid } from "../../model/errors.ts";
import { openMergedTerms } from "../merge/find-merged-terms.ts";
import { openMergedTraces } from "../merge/find-merged-traces.ts";
import { readMergedInputs } from "../merge/read-inputs.ts";
import type { MergedInput, MergedTermFinder, TraceFinder } from "../merge/types.ts";
import { openTerms, type TermFinder } from "../segment/find-term.ts";
import { readBundle } from "../segment/read-bundle.ts";
import { readHead } from "../segment/read-head.ts";
import { readRows } from "../segment/read-rows.ts";
import type { Bundle, RowsPart } from "../segment/types.ts";

/*
 * A part that is still cached is not inflated again: what was made of it lives exactly as long as its bytes do. That is
 * what lets twenty traces be looked up in hundreds of segments: to inflate a part takes a hundred times longer than to
 * find a term in it.
 */
const kept =
  <T>(made: WeakMap<Uint8Array, T & WeakKey>, make: (part: Uint8Array) => T & WeakKey) =>
  (part: Uint8Array): T => {
    const known = made.get(part) ?? make(part);
    made.set(part, known);
    return known;
  };

export const termsOf: (part: Uint8Array) => TermFinder = kept(new WeakMap(), openTerms);
export const rowsOf: (part: Uint8Array) => RowsPart = kept(new WeakMap(), readRows);
/** Of a part of the rows, the pages that hold spans of a trace, by its hash. */
export const rowTracesOf: (part: Uint8Array) => ReadonlyMap<number, readonly number[]> = kept(new WeakMap(), (part) => {
  const pages = new Map<number, number[]>();
  for (const block of rowsOf(part).blocks) {
    const columns = block.columns();
    for (let at = 0; at < block.count; at++) {
      const page = columns.page[at] as number;
      const known = pages.get(columns.trace[at] as number);
      if (known === undefined) pages.set(columns.trace[at] as number, [page]);
      else if (!known.includes(page)) known.push(page);
    }
  }
  return pages;
});
export const bundleOf: (bytes: Uint8Array) => Bundle = kept(new WeakMap(), readBundle);

/** The parts of a segment that stand in its head's item. */
export const inlineOf: (bytes: Uint8Array) => Bundle = kept(new WeakMap(), (bytes) => {
  const { body, segment } = readHead(bytes);
  if (typeof body !== "object") throw invalid(`head of segment ${segment}: expected one with its parts inside`);
  return body;
});
export const mergedTermsOf: (part: Uint8Array) => MergedTermFinder = kept(new WeakMap(), openMergedTerms);
export const mergedTracesOf: (part: Uint8Array) => TraceFinder = kept(new WeakMap(), openMergedTraces);
export const mergedInputsOf: (part: Uint8Array) => readonly MergedInput[] = kept(new WeakMap(), (part) =>
  readMergedInputs([part]),
);

/** Bytes in memory for each stored one: a term takes 3 bytes and opened 22 more, a row 9 and opened 40 more, an input of a merged segment 50 and 1,000. */
export const OPENED_GROWTH = { terms: 8, rows: 6, bundle: 4, page: 1, mergedTerms: 8, traces: 6, inputs: 20 } as const;
