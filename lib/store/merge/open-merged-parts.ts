import { firstAtLeast } from "../first-at-least.ts";
import { ByteReader } from "../segment/byte-reader.ts";
import type { SegmentId } from "../segment/types.ts";
import type { OpenPart } from "./cursor.ts";
import { MergedTerms } from "./merged-terms.ts";
import { MergedTraces } from "./merged-traces.ts";
import { type BlindRange, type Pieces, ROWS } from "./pieces.ts";

/** Hashes that a part may hold: from, and below. */
interface Range {
  readonly from: number;
  readonly below: number;
}

/** @param numbers per input of the merged segment: its number in the one that is being made */
export function openMergedTermsPart(part: Uint8Array, range: Range, numbers: Uint32Array, into: Pieces): OpenPart {
  const terms = new MergedTerms(part);
  const fault = (what: string) => new ByteReader("merged terms", part).fault(what);
  if (terms.inputs !== numbers.length) throw fault(`${terms.inputs} inputs, expected ${numbers.length}`);
  checkHashes(terms.hashes, range, fault);
  const numberOf = (input: number): number => numbers[input] as number;
  const everything = (): BlindRange[] =>
    Array.from(numbers, (_, input) => ({ input, from: range.from, to: range.below - 1 }));
  const blind = terms.isSaturated ? everything() : terms.blind;
  const hand = (place: number): void => terms.hand(place, into, numberOf);
  return drained({ hashes: terms.hashes, blind, hand, range, numberOf, into });
}

/** @param numbers the number of each segment in the merged segment that is being made */
export function openMergedTracesPart(
  part: Uint8Array,
  range: Range,
  numbers: ReadonlyMap<SegmentId, number>,
  into: Pieces,
): OpenPart {
  const traces = new MergedTraces(part);
  const fault = (what: string) => new ByteReader("merged traces", part).fault(what);
  checkHashes(traces.hashes, range, fault);
  const own = traces.inputs.map(({ segment }) => {
    const number = numbers.get(segment);
    if (number === undefined) throw fault(`segment ${segment} is not an input`);
    return number;
  });
  const numberOf = (input: number): number => own[input] as number;
  const hand = (place: number): void => {
    let current = -1;
    traces.eachPage(place, (input, page) => {
      if (input !== current) into.open(traces.hashes[place] as number, numberOf(input), ROWS);
      current = input;
      into.value(page);
    });
  };
  return drained({ hashes: traces.hashes, blind: traces.blind, hand, range, numberOf, into });
}

function checkHashes(hashes: Uint32Array, { from, below }: Range, fault: (what: string) => Error): void {
  const [first = from, last = from] = [hashes[0], hashes.at(-1)];
  if (first < from || last >= below) throw fault(`hashes ${first} to ${last}, expected from ${from} to below ${below}`);
}

interface Draining {
  readonly hashes: Uint32Array;
  readonly blind: readonly BlindRange[];
  readonly hand: (place: number) => void;
  readonly range: Range;
  readonly numberOf: (input: number) => number;
  readonly into: Pieces;
}

function drained({ hashes, blind, hand, range, numberOf, into }: Draining): OpenPart {
  let place = 0;
  let next = range.from;
  return {
    drain(to) {
      const end = Math.min(to, range.below);
      const until = firstAtLeast(hashes, end);
      for (; place < until; place++) hand(place);
      for (const each of blind) {
        const [from, last] = [Math.max(each.from, next), Math.min(each.to, end - 1)];
        if (from <= last) into.blind(numberOf(each.input), from, last);
      }
      next = end;
      return end === range.below;
    },
  };
}
