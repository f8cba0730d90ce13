import type { Batches } from "../../store/batches.ts";
import { readWorkKey, workPartition } from "../../store/keys.ts";

/** One tenant's hour, in hours since the epoch. */
export interface TenantHour {
  readonly tenant: string;
  readonly hour: number;
}

/** One text a tenant's hour, for maps. */
export const tenantHourText = ({ tenant, hour }: TenantHour): string => `${hour} ${tenant}`;

/** Minutes that are asked for at once. */
const MINUTES_AT_ONCE = 8;

/** What has heads by plans made from one minute to another (since the epoch, both inclusive), each once. */
export async function readWork(batches: Batches, from: number, to: number): Promise<ReadonlyMap<string, TenantHour>> {
  const found = new Map<string, TenantHour>();
  const readMinute = async (minute: number): Promise<void> => {
    for await (const items of batches.queryAll({ pk: workPartition(minute), consistent: true }))
      for (const { sk, body } of items) {
        const one = { tenant: Buffer.from(body).toString(), hour: readWorkKey(sk).hour };
        found.set(tenantHourText(one), one);
      }
  };
  for (let first = from; first <= to; first += MINUTES_AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(MINUTES_AT_ONCE, to - first + 1) }, (_, i) => readMinute(first + i)),
    );
  return found;
}
