import type { Batches } from "../batches.ts";
import { countsRange } from "../keys.ts";
import { newestMark } from "./newest-mark.ts";
import type { RollOptions } from "./roll-options.ts";

/** Whether counts of an hour, or of one beside it, came after it was rolled last. */
export async function isOutdated(batches: Batches, { tenant, hour }: Pick<RollOptions, "tenant" | "hour">) {
  const mark = await newestMark(batches, tenant, hour);
  for (const one of [hour, hour - 1, hour + 1])
    for await (const _ of batches.queryAll({ ...countsRange(tenant, one, mark), limit: 1, consistent: true }))
      return true;
  return false;
}
