import type { MergedPosting } from "../merge/types.ts";
import { listedRows } from "../segment/row-sets.ts";
import { termPart } from "../segment/term-hash.ts";
import { type IndexPlan, isSelective, mayMatch, mergedHashes } from "./index-plan.ts";
import { mergedInputsOf, mergedTermsOf } from "./opened.ts";
import type { MergedRef, PartName, PartSource } from "./parts.ts";
import { type Answer, type SegmentScan, segmentScan } from "./segment-scan.ts";

/** Of a merged segment's inputs, what one term leads to; none where it is not. */
type PostingsByInput = ReadonlyMap<number, MergedPosting>;

const NONE = new Uint32Array(0);

/**
 * A merged segment in the place of its inputs: once its terms and the table of its inputs are read, scans of those that
 * may hold a match take its place, with what the merged lists say of them. @param asOf inputs made later are left out
 */
export function mergedScan(ref: MergedRef, plan: IndexPlan, asOf: number): SegmentScan {
  const { merged } = ref;
  const hashes = mergedHashes(plan, merged);
  const parts: PartName[] = [
    ...[...new Set(hashes.map((hash) => termPart(hash, merged.termParts)))].map((n) => ({ kind: "terms", n }) as const),
    ...Array.from({ length: merged.inputParts }, (_, n) => ({ kind: "inputs", n }) as const),
  ];
  const { startMaxNanos } = plan.query;
  const bound = merged.maxStart < startMaxNanos ? merged.maxStart : startMaxNanos;
  let inputs: readonly SegmentScan[] | undefined;

  function open(source: PartSource): boolean {
    inputs = [];
    const bodies = new Map(parts.map((part) => [partText(part), source(ref, part)]));
    if ([...bodies.values()].includes(undefined)) return false;
    const bodyOf = (kind: PartName["kind"], n: number) => bodies.get(partText({ kind, n })) ?? NO_BYTES;
    const found = new Map<number, PostingsByInput>();
    for (const hash of hashes) {
      const postings = mergedTermsOf(bodyOf("terms", termPart(hash, merged.termParts)))(hash);
      found.set(hash, new Map(postings.map((posting) => [posting.input, posting])));
    }
    const table = Array.from({ length: merged.inputParts }, (_, n) => mergedInputsOf(bodyOf("inputs", n))).flat();
    inputs = table.flatMap((input, n) => {
      if (input.at > asOf || !mayMatch(plan, input.head)) return [];
      const scan = segmentScan(input, plan, (hash) => answerOf(found.get(hash)?.get(n)));
      return scan.bound() === undefined ? [] : [scan];
    });
    return true;
  }

  return {
    weight: () => (isSelective(plan) ? 1 : COMMON_WEIGHT),
    bound: () => (inputs === undefined ? bound : undefined),
    isWaiting: () => inputs === undefined,
    wants: () => (inputs === undefined ? parts.map((part) => ({ segment: ref, part })) : []),
    expects: () => undefined,
    load: open,
    replacedBy: () => inputs,
    advance: () => [],
  };
}

/** Where nearly all spans match, one merged segment brings enough; of a rare term's, all may have to be opened. */
const COMMON_WEIGHT = 16;

const NO_BYTES = new Uint8Array(0);

const partText = ({ kind, n }: PartName): string => `${kind}/${n}`;

function answerOf(posting: MergedPosting | undefined): Answer {
  if (posting === undefined) return undefined;
  if (posting.rows === "ask") return "ask";
  return { rows: listedRows(posting.rows), sources: posting.sources, pages: NONE };
}
