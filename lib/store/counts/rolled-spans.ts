import type { Batches } from "../batches.ts";
import { largeHourRange, readRolledKey } from "../rolled-keys.ts";
import { readLargeHour } from "./large-hour.ts";
import type { RollOptions } from "./roll-options.ts";

/** Of how many spans an hour was rolled that is large; 0 where it was not. */
export async function rolledSpans(batches: Batches, { tenant, hour }: Pick<RollOptions, "tenant" | "hour">) {
  const query = { ...largeHourRange(tenant, hour), descending: true, consistent: true };
  for await (const items of batches.queryAll(query))
    for (const { sk, body } of items) if (readRolledKey(sk).n === 0) return readLargeHour(body).spans;
  return 0;
}
