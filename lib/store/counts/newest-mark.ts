import type { Batches } from "../batches.ts";
import { dayOf } from "../keys.ts";
import { readRolledKey, rolledEdgesRange } from "../rolled-keys.ts";

/** To what an hour was rolled last, milliseconds since the epoch; 0 when it was not. Consistent. */
export async function newestMark(batches: Batches, tenant: string, hour: number): Promise<number> {
  const range = rolledEdgesRange(tenant, dayOf(hour), hour, hour);
  for await (const items of batches.queryAll({ ...range, descending: true, consistent: true }))
    for (const { sk } of items) {
      const { mark, n } = readRolledKey(sk);
      // It is written last.
      if (n === 0) return mark;
    }
  return 0;
}
