import type { Batches } from "../batches.ts";
import { countsRange, type Range } from "../keys.ts";
import { rolledMinutesRange } from "../rolled-keys.ts";
import { newestMark } from "./newest-mark.ts";
import { readOperationCounts } from "./read.ts";
import { readRolledMinutes } from "./read-rolled.ts";
import type { MinuteCounts } from "./types.ts";

/** Calls, errors and durations of an hour (since the epoch) by operation, kind and minute: as rolled, and what came since. */
export async function readHourMinutes(batches: Batches, tenant: string, hour: number): Promise<MinuteCounts[]> {
  const sums = new Map<string, MinuteCounts>();
  const add = (minute: MinuteCounts): void => {
    const { service, operation, kind } = minute;
    const key = JSON.stringify([service, operation, kind, minute.minute]);
    const known = sums.get(key);
    sums.set(key, known === undefined ? minute : sumOf(known, minute));
  };
  const mark = await newestMark(batches, tenant, hour);
  if (mark > 0)
    for await (const body of bodiesIn(batches, rolledMinutesRange(tenant, hour, mark))) readRolledMinutes(body, add);
  for await (const body of bodiesIn(batches, countsRange(tenant, hour, mark)))
    readOperationCounts(body).minutes.forEach(add);
  return [...sums.values()];
}

async function* bodiesIn(batches: Batches, range: Range): AsyncGenerator<Uint8Array> {
  for await (const items of batches.queryAll({ ...range, consistent: true })) for (const { body } of items) yield body;
}

function sumOf(a: MinuteCounts, b: MinuteCounts): MinuteCounts {
  const durations = new Map(a.durations);
  for (const [bucket, count] of b.durations) durations.set(bucket, (durations.get(bucket) ?? 0) + count);
  return { ...a, calls: a.calls + b.calls, errors: a.errors + b.errors, durations };
}
