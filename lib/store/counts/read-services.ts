import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { countsRange } from "../keys.ts";
import { readOperationCounts } from "./read.ts";
import type { Sketch } from "./sketch.ts";
import { SIDES } from "./types.ts";

interface Growing {
  calls: number;
  errors: number;
  readonly durations: Map<number, number>;
}

/** What a service answered, by the spans that came in one minute. */
export interface ServiceMinute {
  readonly calls: number;
  readonly errors: number;
  readonly durations: Sketch;
}

export const MINUTE_MILLIS = 60_000;

/** By how much the clock of whoever sends may be ahead of the indexer's: its spans are in plans made before they began. */
const CLOCKS_DIFFER_MILLIS = 60_000;

/** A call that took longer is not seen: each hour more is one more question a minute. */
const LONGEST_CALL_MILLIS = MILLIS_PER_HOUR;

/**
 * Calls, errors and durations of the server and consumer spans in the plans made in a minute (since the epoch), of those
 * services that have any. Spans are known only once they end: one that hung for minutes counts when it comes, not in the
 * minute in which it began, which nobody looks at any more. Reads the counts of these plans, and nothing else.
 */
export async function readServiceMinute(
  batches: Batches,
  tenant: string,
  minute: number,
  services: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ServiceMinute>> {
  const sums = new Map<string, Growing>();
  const from = minute * MINUTE_MILLIS;
  const to = from + MINUTE_MILLIS - 1;
  const lastHour = Math.floor((to + CLOCKS_DIFFER_MILLIS) / MILLIS_PER_HOUR);
  for (let hour = Math.floor((from - LONGEST_CALL_MILLIS) / MILLIS_PER_HOUR); hour <= lastHour; hour++)
    for await (const items of batches.queryAll({ ...countsRange(tenant, hour, from, to), consistent: false }))
      for (const { body } of items) addCounts(sums, body, services);
  return sums;
}

function addCounts(sums: Map<string, Growing>, body: Uint8Array, services: ReadonlySet<string>): void {
  for (const counted of readOperationCounts(body).minutes) {
    if (SIDES[counted.kind] !== "server" || !services.has(counted.service)) continue;
    const sum = sums.get(counted.service) ?? { calls: 0, errors: 0, durations: new Map() };
    sums.set(counted.service, sum);
    sum.calls += counted.calls;
    sum.errors += counted.errors;
    for (const [bucket, count] of counted.durations)
      sum.durations.set(bucket, (sum.durations.get(bucket) ?? 0) + count);
  }
}
