import { firstAtLeast } from "../first-at-least.ts";
import { MergedTerms } from "./merged-terms.ts";
import { ASK, Pieces, ROWS } from "./pieces.ts";
import type { MergedPosting, MergedTermFinder } from "./types.ts";

const NONE = new Uint32Array(0);

/** Finds terms of one part of a merged segment: that of `termPart(hash, merged.termParts)`. The part is inflated once. */
export function openMergedTerms(part: Uint8Array): MergedTermFinder {
  const terms = new MergedTerms(part);
  const found = new Pieces();
  return (hash) => {
    if (terms.isSaturated) return Array.from({ length: terms.inputs }, (_, input) => ask(input));
    const place = firstAtLeast(terms.hashes, hash);
    found.clear();
    if (terms.hashes[place] === hash) terms.hand(place, found, (input) => input);
    const asked = terms.blind.filter(({ from, to }) => from <= hash && hash <= to).map(({ input }) => ask(input));
    const listed = postingsOf(found);
    return asked.length === 0 ? listed : [...listed, ...asked].sort((a, b) => a.input - b.input);
  };
}

const ask = (input: number): MergedPosting => ({ input, rows: "ask" });

/** One posting for each input, ascending, of the pieces of one term. */
function postingsOf(pieces: Pieces): MergedPosting[] {
  const postings = new Map<number, MergedPosting>();
  for (const piece of pieces.order()) {
    const input = pieces.inputs[piece] as number;
    const kind = pieces.kinds[piece] as number;
    const known = postings.get(input) ?? { input, rows: NONE, sources: NONE };
    const numbers = pieces.values.slice(pieces.starts[piece], pieces.starts[piece + 1]);
    if (kind === ASK || known.rows === "ask") postings.set(input, ask(input));
    else postings.set(input, kind === ROWS ? { ...known, rows: numbers } : { ...known, sources: numbers });
  }
  return [...postings.values()];
}
