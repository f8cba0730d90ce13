import type { HourBodies } from "./hour-bodies.ts";
import { HourOperations, OperationRanks } from "./hour-operations.ts";
import type { MinuteRow } from "./minutes.ts";
import { readOperationCounts } from "./read.ts";
import type { RollLimits } from "./roll-options.ts";

/** What an hour's plans counted of operations. */
export interface HourCounted {
  readonly rows: ReadonlyMap<string, readonly MinuteRow[]>;
  readonly folded: number;
  readonly spans: number;
  readonly halves: number;
  /** The newest spans, as many as are read once more, are those of plans made from then on; milliseconds since the epoch. */
  readonly fromAt: number;
}

/** Adds the operations up; in an hour with more than may keep their names it takes another round to find those. */
export async function countHour(
  bodies: HourBodies,
  { operations: most, windowSpans }: RollLimits,
): Promise<HourCounted> {
  const ranks = new OperationRanks();
  const all = new HourOperations();
  const plans: { at: number; halves: number }[] = [];
  let [spans, halves, foldedByPlans] = [0, 0, 0];
  for await (const { at, body } of bodies()) {
    const counts = readOperationCounts(body);
    halves += counts.halves;
    plans.push({ at, halves: counts.halves });
    foldedByPlans += counts.foldedOperations;
    for (const minute of counts.minutes) {
      spans += minute.calls;
      ranks.add(minute);
      if (ranks.size <= most) all.add(minute);
    }
  }
  const fromAt = newestFrom(plans, windowSpans);
  if (ranks.size <= most) return { rows: all.rows(), folded: foldedByPlans, spans, halves, fromAt };
  const kept = ranks.kept(most);
  const operations = new HourOperations(kept);
  for await (const { body } of bodies()) for (const minute of readOperationCounts(body).minutes) operations.add(minute);
  return { rows: operations.rows(), folded: foldedByPlans + kept.folded, spans, halves, fromAt };
}

/** From when on there are so many, milliseconds since the epoch; 0 where there are not. */
function newestFrom(plans: readonly { readonly at: number; readonly halves: number }[], count: number): number {
  let found = 0;
  for (const { at, halves } of plans.toReversed()) {
    found += halves;
    if (found >= count) return at;
  }
  return 0;
}
