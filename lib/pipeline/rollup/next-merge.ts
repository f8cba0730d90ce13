import { MERGE_LIMITS } from "../../store/merge/limits.ts";
import type { MergedHead } from "../../store/merge/types.ts";
import type { Head } from "../../store/segment/types.ts";

/** What a merged segment holds at most: its parts then lie in what one function merges in seconds (docs/architecture.md). */
const MAX_MERGED_SPANS = 4_000_000;

/** From half of what fits on a merged segment stays as it is: a pair of them would not fit into one. */
const isFull = ({ spans, inputs }: MergedHead): boolean =>
  spans >= MAX_MERGED_SPANS / 2 || inputs >= MERGE_LIMITS.inputs / 2;

/** So many unmerged heads are worth a merge; a reader looks at each of them alone. */
export const OPEN_HEADS = 64;

/** Heads that one merge takes up: each is an entry in the table of inputs, and a terms part that is read. */
export const MAX_HEADS = 1024;

/**
 * So many merged segments of about the same size become one. An hour of full plans meets no second one; one of small plans
 * (720 of a shard) writes each posting twice, and a reader never sees more than fifteen of a size.
 */
const FAN_IN = 16;

/** A head that no merge has taken up yet, and when its plan was made, milliseconds since the epoch. */
export interface UnmergedHead {
  readonly at: number;
  readonly head: Head;
}

/** What of an hour (of its normal heads, or of its late ones) there is to merge. */
export interface Mergeable {
  readonly merged: readonly MergedHead[];
  /** In the order of `at`: all that were made from where `merged` ends and before `mark`. */
  readonly heads: readonly UnmergedHead[];
  readonly mark: number;
  /** No more heads will come: everything is to become as few merged segments as can be. */
  readonly isClosing: boolean;
  /** Heads that are worth a merge, where that is not as many as usual. */
  readonly openHeads?: number | undefined;
}

/** One merge: what goes in, and the mark when it is done. Never empty. */
export interface Merge {
  readonly heads: readonly UnmergedHead[];
  readonly merged: readonly MergedHead[];
  readonly mark: number;
}

/** The next merge to be done, none when all is well as it is. Doing them one after the other comes to an end. */
export function nextMerge(mergeable: Mergeable): Merge | undefined {
  const { merged, heads, mark, isClosing, openHeads = OPEN_HEADS } = mergeable;
  const small = merged.filter((one) => !isFull(one)).sort((a, b) => a.spans - b.spans);
  if (heads.length === 0) {
    const together = isClosing ? fitting(small, { spans: MAX_MERGED_SPANS, inputs: MERGE_LIMITS.inputs }) : [];
    return together.length < 2 ? undefined : { heads, merged: together, mark };
  }
  if (heads.length < openHeads && !isClosing) return undefined;
  const taken = takeHeads(heads);
  const next = heads[taken.length];
  // Those that are left fill a merge of their own.
  if (next !== undefined) return { heads: taken, merged: [], mark: next.at };
  const room = {
    spans: taken.reduce((left, { head }) => left - head.spans, MAX_MERGED_SPANS),
    inputs: MERGE_LIMITS.inputs - taken.length,
  };
  return { heads: taken, merged: isClosing ? fitting(small, room) : tiered(small, room), mark };
}

/** The oldest, as many as fit; those of the same time together, because a mark lies between times. At least those of one. */
function takeHeads(heads: readonly UnmergedHead[]): readonly UnmergedHead[] {
  let spans = 0;
  let end = 0;
  for (let i = 0; i < heads.length; i++) {
    const { at, head } = heads[i] as UnmergedHead;
    if (at !== heads[i - 1]?.at) end = i;
    spans += head.spans;
    if (end > 0 && (spans > MAX_MERGED_SPANS || i >= MAX_HEADS)) return heads.slice(0, end);
  }
  return heads;
}

/** What still fits into a merge. */
interface Room {
  readonly spans: number;
  readonly inputs: number;
}

/** All of a size when there are enough of them, and then of the next size. */
function tiered(small: readonly MergedHead[], room: Room): readonly MergedHead[] {
  const together: MergedHead[] = [];
  for (let tier = 0; ; tier++) {
    const equals = small.filter((one) => tierOf(one) === tier);
    if (equals.length < FAN_IN - 1) return together;
    const fit = fitting(
      equals,
      together.reduce((left, one) => ({ spans: left.spans - one.spans, inputs: left.inputs - one.inputs }), room),
    );
    together.push(...fit);
    if (fit.length < equals.length) return together;
  }
}

function tierOf({ inputs }: MergedHead): number {
  let tier = 0;
  for (let left = inputs; left >= OPEN_HEADS * FAN_IN; left /= FAN_IN) tier++;
  return tier;
}

/** The first ones that fit. */
function fitting(merged: readonly MergedHead[], room: Room): readonly MergedHead[] {
  let { spans, inputs } = room;
  const end = merged.findIndex((one) => {
    spans -= one.spans;
    inputs -= one.inputs;
    return spans < 0 || inputs < 0;
  });
  return end < 0 ? merged : merged.slice(0, end);
}
