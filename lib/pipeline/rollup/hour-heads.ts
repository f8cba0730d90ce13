import type { Batches } from "../../store/batches.ts";
import { headRange, lateHeadsOfHour, readHeadKey, readLateHeadKey } from "../../store/keys.ts";
import { readHead } from "../../store/segment/read-head.ts";
import type { UnmergedHead } from "./next-merge.ts";
import type { TenantHour } from "./work-list.ts";

/** Times of plans, milliseconds since the epoch: from the one on, and before the other. */
export interface Times {
  readonly from: number;
  readonly before: number;
}

/** The heads of an hour, normal or late, whose plans were made then, in that order. Consistent. */
export async function hourHeads(
  batches: Batches,
  { tenant, hour }: TenantHour,
  times: Times,
  isLate: boolean,
): Promise<UnmergedHead[]> {
  const heads: UnmergedHead[] = [];
  if (times.from >= times.before) return heads;
  for await (const items of batches.queryAll(rangeOf({ tenant, hour }, times, isLate)))
    for (const { sk, body } of items)
      heads.push({ at: (isLate ? readLateHeadKey(sk) : readHeadKey(sk)).at, head: readHead(body) });
  return heads;
}

/** How many there are. */
export async function countHeads(batches: Batches, one: TenantHour, times: Times, isLate: boolean): Promise<number> {
  let count = 0;
  if (times.from >= times.before) return count;
  for await (const items of batches.queryAll(rangeOf(one, times, isLate))) count += items.length;
  return count;
}

const rangeOf = ({ tenant, hour }: TenantHour, { from, before }: Times, isLate: boolean) => ({
  ...(isLate ? lateHeadsOfHour : headRange)(tenant, hour, from, before - 1),
  consistent: true,
});
