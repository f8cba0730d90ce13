import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { countsRange } from "../keys.ts";
import { readOperationCounts } from "./read.ts";
import type { Sketch } from "./sketch.ts";
import { SIDES } from "./types.ts";

/** What a service answered in one minute. */
export interface ServiceMinute {
  readonly calls: number;
  readonly errors: number;
  readonly durations: Sketch;
}

export const MINUTE_MILLIS = 60_000;
const MINUTES_PER_HOUR = MILLIS_PER_HOUR / MINUTE_MILLIS;

/** By how much the clock of whoever sends may be ahead of the indexer's: its spans are in plans made before they began. */
const CLOCKS_DIFFER_MILLIS = 60_000;

/**
 * Calls, errors and durations of the server and consumer spans that began in a minute (since the epoch), of those services
 * that have any. Reads the counts of plans made since, and nothing else: a few items a minute and shard.
 */
export async function readServiceMinute(
  batches: Batches,
  tenant: string,
  minute: number,
  services: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ServiceMinute>> {
  const sums = new Map<string, { calls: number; errors: number; durations: Map<number, number> }>();
  const hour = Math.floor(minute / MINUTES_PER_HOUR);
  const range = countsRange(tenant, hour, minute * MINUTE_MILLIS - CLOCKS_DIFFER_MILLIS);
  for await (const items of batches.queryAll({ ...range, consistent: false }))
    for (const { body } of items)
      for (const counted of readOperationCounts(body).minutes) {
        if (counted.minute !== minute % MINUTES_PER_HOUR || SIDES[counted.kind] !== "server") continue;
        if (!services.has(counted.service)) continue;
        const sum = sums.get(counted.service) ?? { calls: 0, errors: 0, durations: new Map() };
        sums.set(counted.service, sum);
        sum.calls += counted.calls;
        sum.errors += counted.errors;
        for (const [bucket, count] of counted.durations)
          sum.durations.set(bucket, (sum.durations.get(bucket) ?? 0) + count);
      }
  return sums;
}
