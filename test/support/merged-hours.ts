import { itemBatches } from "../../lib/store/batches.ts";
import {
  headRange,
  lateHeadsOfHour,
  mergedInputsKey,
  mergedTermsKey,
  mergedTracesKey,
  type Range,
  readHeadKey,
  readLateHeadKey,
  summaryKey,
} from "../../lib/store/keys.ts";
import { MERGE_LIMITS, type MergeLimits } from "../../lib/store/merge/limits.ts";
import { mergeSegments, type SegmentSource } from "../../lib/store/merge/merge-segments.ts";
import type { HourSummary, MergedHead } from "../../lib/store/merge/types.ts";
import { writeSummary } from "../../lib/store/merge/write-summary.ts";
import { budget } from "../../lib/store/read/cost.ts";
import { type PartLoader, partLoader, type SegmentRef } from "../../lib/store/read/parts.ts";
import { readHead } from "../../lib/store/segment/read-head.ts";
import type { MemoryItems } from "./memory-items.ts";

const KEYS = { inputs: mergedInputsKey, terms: mergedTermsKey, traces: mergedTracesKey } as const;
const TTL = 2_000_000_000;

export interface MergeHour {
  readonly tenant: string;
  readonly hour: number;
  readonly isClosed: boolean;
  /** Milliseconds since the epoch. */
  readonly mark: number;
  readonly markLate: number;
  /** Segments in one merged segment. */
  readonly most: number;
  readonly limits?: MergeLimits;
}

/** Merges the heads of an hour that were made before the marks, and writes its summary: what rollup leaves behind. */
export async function mergeHour(items: MemoryItems, how: MergeHour): Promise<HourSummary> {
  const { tenant, hour, isClosed, mark, markLate } = how;
  const summary: HourSummary = {
    ...{ hour, isClosed, mark, markLate },
    merged: mark === 0 ? [] : await mergeHeads(items, headRange(tenant, hour, 0, mark - 1), false, how),
    mergedLate:
      markLate === 0 ? [] : await mergeHeads(items, lateHeadsOfHour(tenant, hour, 0, markLate - 1), true, how),
  };
  await putAll(items, [{ ...summaryKey(tenant, hour), body: writeSummary(summary), ttl: TTL }]);
  return summary;
}

async function mergeHeads(items: MemoryItems, range: Range, isLate: boolean, how: MergeHour): Promise<MergedHead[]> {
  const batches = itemBatches({ items, clock: () => 0, sleep: async () => {}, random: () => 0.5 });
  const parts = partLoader(batches, 1);
  const refs: SegmentRef[] = [];
  for await (const page of batches.queryAll({ ...range, consistent: true }))
    for (const { sk, body } of page) {
      const { at } = isLate ? readLateHeadKey(sk) : readHeadKey(sk);
      refs.push({ head: readHead(body), hour: how.hour, at, isLate });
    }
  const merged: MergedHead[] = [];
  for (let n = 0; n < refs.length; n += how.most) {
    const sources = refs.slice(n, n + how.most).map((ref) => sourceOf(ref, how.tenant, parts));
    const merge = mergeSegments(sources, how.limits ?? MERGE_LIMITS);
    for await (const { kind, n: part, body } of merge.items)
      await putAll(items, [{ ...KEYS[kind](how.tenant, merge.head.id, part), body, ttl: TTL }]);
    merged.push(merge.head);
  }
  return merged;
}

const putAll = async (items: MemoryItems, all: Parameters<MemoryItems["put"]>[0]): Promise<void> => {
  await items.put(all);
};

function sourceOf(ref: SegmentRef, tenant: string, parts: PartLoader): SegmentSource {
  return {
    input: ref,
    async terms(n) {
      const limits = { millis: 60_000, bytes: 1e12, gets: 1e9 };
      const part = { kind: "terms", n } as const;
      const source = await parts.load(
        tenant,
        [{ segment: ref, part }],
        budget(limits, () => 0),
      );
      const bytes = source(ref, part);
      if (bytes === undefined) throw new Error(`terms ${n} of ${ref.head.segment}`);
      return bytes;
    },
  };
}
