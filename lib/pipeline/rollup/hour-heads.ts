import type { Batches } from "../../store/batches.ts";
import { headRange, lateHeadsOfHour, readHeadKey, readLateHeadKey } from "../../store/keys.ts";
import { readHead } from "../../store/segment/read-head.ts";
import { MAX_HEADS, type UnmergedHead } from "./next-merge.ts";
import type { TenantHour } from "./work-list.ts";

/** Times of plans, milliseconds since the epoch: from the one on, and before the other. */
export interface Times {
  readonly from: number;
  readonly before: number;
}

/**
 * The oldest heads of an hour, normal or late, whose plans were made then, in that order: all that one merge can take up, and
 * the next one, which shows that there are more. Consistent.
 */
export async function hourHeads(
  batches: Batches,
  { tenant, hour }: TenantHour,
  times: Times,
  isLate: boolean,
  most = MAX_HEADS,
): Promise<UnmergedHead[]> {
  const heads: UnmergedHead[] = [];
  if (times.from >= times.before) return heads;
  for await (const items of batches.queryAll(rangeOf({ tenant, hour }, times, isLate)))
    for (const { sk, body } of items) {
      const { at } = isLate ? readLateHeadKey(sk) : readHeadKey(sk);
      // Those of one time are merged together, however many they are.
      const isEnough = heads.length >= most && at !== heads.at(-1)?.at;
      heads.push({ at, head: readHead(body) });
      if (isEnough) return heads;
    }
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
