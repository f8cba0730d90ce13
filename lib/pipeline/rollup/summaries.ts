import type { Registers } from "../../store/items.ts";
import { hourTtl, summaryKey } from "../../store/keys.ts";
import { readSummary } from "../../store/merge/read-summary.ts";
import type { HourSummary } from "../../store/merge/types.ts";
import { writeSummary } from "../../store/merge/write-summary.ts";
import type { TenantHour } from "./work-list.ts";

/** An hour's summary, and the version that it was read at: 0 when there is none yet. */
export interface KnownSummary {
  readonly summary: HourSummary;
  readonly version: number;
}

export async function loadSummary(registers: Registers, { tenant, hour }: TenantHour): Promise<KnownSummary> {
  const found = await registers.load(summaryKey(tenant, hour));
  if (found !== undefined) return { summary: readSummary(found.body), version: found.version };
  return { summary: { hour, isClosed: false, mark: 0, merged: [], markLate: 0, mergedLate: [] }, version: 0 };
}

/** False when somebody else has written it since. */
export const saveSummary = (
  registers: Registers,
  { tenant, hour }: TenantHour,
  { summary, version }: KnownSummary,
  retentionHours: number,
): Promise<boolean> =>
  registers.save(summaryKey(tenant, hour), {
    body: writeSummary(summary),
    ttl: hourTtl(hour, retentionHours),
    version: version + 1,
  });
