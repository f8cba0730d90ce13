import { firstAtLeast } from "../first-at-least.ts";
import { MergedTraces, type NamedInput } from "./merged-traces.ts";
import type { TraceFinder, TracePage } from "./types.ts";

/** Finds trace ids in one part of them: that of `termPart(hash, merged.traceParts)`. The part is inflated once. */
export function openMergedTraces(part: Uint8Array): TraceFinder {
  const traces = new MergedTraces(part);
  return (hash) => {
    const found: TracePage[] = [];
    const take = (input: number, page: number): void => {
      const { segment, at, isLate, body } = traces.inputs[input] as NamedInput;
      found.push({ segment, at, isLate, body, page });
    };
    for (const { input, from, to } of traces.blind)
      if (from <= hash && hash <= to)
        for (let page = 0; page < (traces.inputs[input] as NamedInput).pages; page++) take(input, page);
    const place = firstAtLeast(traces.hashes, hash);
    if (traces.hashes[place] === hash) traces.eachPage(place, take);
    return found;
  };
}
