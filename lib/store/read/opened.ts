import { openTerms, type TermFinder } from "../segment/find-term.ts";
import { readBundle } from "../segment/read-bundle.ts";
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
export const bundleOf: (bytes: Uint8Array) => Bundle = kept(new WeakMap(), readBundle);

/** Bytes in memory for each stored one: a term takes 3 bytes and opened 22 more, a row 9 and opened 40 more. */
export const OPENED_GROWTH = { terms: 8, rows: 6, bundle: 4, page: 1 } as const;
