import { LRUCache } from "lru-cache";
import type { Batches } from "../../store/batches.ts";
import type { Registers } from "../../store/items.ts";
import { countHeads } from "./hour-heads.ts";
import { loadSummary } from "./summaries.ts";
import { type TenantHour, tenantHourText } from "./work-list.ts";

/** Counts the heads that wait to be merged; each is read once in the life of a process. */
export interface HeadCounter {
  /** Heads (late ones or the others) that are not merged and were made before the mark, milliseconds since the epoch. */
  count(one: TenantHour, mark: number, isLate: boolean): Promise<number>;
  /** All that were counted are being merged. */
  forget(one: TenantHour, isLate: boolean): void;
}

interface Counted {
  count: number;
  /** Those made before this. */
  before: number;
}

const MAX_REMEMBERED = 10_000;

export function headCounter(batches: Batches, registers: Registers): HeadCounter {
  const known = new LRUCache<string, Counted>({ max: MAX_REMEMBERED });
  const textOf = (one: TenantHour, isLate: boolean): string => `${isLate} ${tenantHourText(one)}`;

  async function unknown(one: TenantHour, isLate: boolean): Promise<Counted> {
    const { summary } = await loadSummary(registers, one);
    return { count: 0, before: isLate ? summary.markLate : summary.mark };
  }

  return {
    async count(one, mark, isLate) {
      const counted = known.get(textOf(one, isLate)) ?? (await unknown(one, isLate));
      const more = await countHeads(batches, one, { from: counted.before, before: mark }, isLate);
      const now = { count: counted.count + more, before: Math.max(counted.before, mark) };
      known.set(textOf(one, isLate), now);
      return now.count;
    },
    forget(one, isLate) {
      const counted = known.get(textOf(one, isLate));
      if (counted !== undefined) counted.count = 0;
    },
  };
}
