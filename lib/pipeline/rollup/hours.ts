import { LRUCache } from "lru-cache";
import type { Clock } from "../../model/time.ts";
import type { Batches } from "../../store/batches.ts";
import type { Key, Registers } from "../../store/items.ts";
import { hourTtl, lateCountsKey, readRollupHourKey, rollupHourKey, rollupHoursFrom } from "../../store/keys.ts";
import { decodeRollupHour, encodeRollupHour, type RollupHour } from "../../store/rollup-states.ts";
import { type TenantHour, tenantHourText } from "./work-list.ts";

export interface HoursOptions {
  readonly batches: Batches;
  readonly registers: Registers;
  readonly clock: Clock;
  readonly retentionHours: number;
  /** Longer than this nobody merges. */
  readonly mergeMillis: number;
}

/** What waits for an hour of a tenant to be closed: its own merges, or the counts that came late of another. */
export interface HourWork extends TenantHour {
  readonly late?: number | undefined;
}

/** How far each tenant's hour is, in items of their own: whoever merges says so, and nobody else begins. */
export interface Hours {
  /** Sees to it that the hour is among those that are closed one day. */
  note(one: HourWork): Promise<void>;
  /** Those from this hour on. */
  from(hour: number): Promise<readonly (TenantHour & RollupHour)[]>;
  /** Whether it may be merged by the caller now. */
  claim(one: HourWork): Promise<boolean>;
  /** Says that the merge has ended. */
  release(one: HourWork, isClosed: boolean): Promise<void>;
}

const MAX_REMEMBERED = 10_000;

const keyOf = ({ tenant, hour, late }: HourWork): Key =>
  late === undefined ? rollupHourKey(tenant, hour) : lateCountsKey(tenant, hour, late);

const textOf = (one: HourWork): string => `${one.late ?? ""} ${tenantHourText(one)}`;

export function rollupHours({ batches, registers, clock, retentionHours, mergeMillis }: HoursOptions): Hours {
  const noted = new LRUCache<string, true>({ max: MAX_REMEMBERED });

  async function change(one: HourWork, make: (now: RollupHour) => RollupHour | undefined): Promise<boolean> {
    for (;;) {
      const key = keyOf(one);
      const found = await registers.load(key);
      const next = make(found === undefined ? { busyUntil: 0, isClosed: false } : decodeRollupHour(found.body));
      if (next === undefined) return false;
      const body = encodeRollupHour(one.tenant, { ...next, late: one.late });
      const ttl = hourTtl(one.hour, retentionHours);
      if (await registers.save(key, { body, ttl, version: (found?.version ?? 0) + 1 })) return true;
    }
  }

  return {
    async note(one) {
      if (noted.has(textOf(one))) return;
      const body = encodeRollupHour(one.tenant, { busyUntil: 0, isClosed: false, late: one.late });
      // Where it fails, it stands there already.
      await registers.save(keyOf(one), {
        body,
        ttl: hourTtl(one.hour, retentionHours),
        version: 1,
      });
      noted.set(textOf(one), true);
    },
    async from(hour) {
      const found: (TenantHour & RollupHour)[] = [];
      for await (const items of batches.queryAll({ ...rollupHoursFrom(Math.max(0, hour)), consistent: true }))
        for (const { sk, body } of items) found.push({ hour: readRollupHourKey(sk).hour, ...decodeRollupHour(body) });
      return found;
    },
    claim: (one) =>
      change(one, (now) => (now.busyUntil > clock() ? undefined : { ...now, busyUntil: clock() + mergeMillis })),
    async release(one, isClosed) {
      await change(one, (now) => ({ busyUntil: 0, isClosed: now.isClosed || isClosed }));
    },
  };
}
