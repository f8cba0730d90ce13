import type { Clock } from "../model/time.ts";
import type { Measure } from "../runtime/metrics.ts";
import type { ReaderNotice, ReadShard } from "../stream/reader.ts";

/** The reading of a shard, with its records counted and timed once their spans can be found. */
export const measuredRead =
  (read: ReadShard, measure: Measure<"skua_indexed_records" | "skua_index_lag">, clock: Clock): ReadShard =>
  async (shardId, records) => {
    const progress = await read(shardId, records);
    measure("skua_indexed_records", progress.records);
    // What comes a second time was found long ago.
    if (progress.records > 0 && records.length > 0)
      measure("skua_index_lag", clock() - Math.min(...records.map(({ arrivedMillis }) => arrivedMillis)));
    return progress;
  };

/** Counts what a reader gives notice of. */
export function measureNotice(
  notice: ReaderNotice,
  measure: Measure<"skua_quarantined_records" | "skua_lost_ranges" | "skua_dropped_spans">,
): void {
  if (notice.kind === "excluded") measure("skua_quarantined_records", 1);
  if (notice.kind === "lost") measure("skua_lost_ranges", 1);
  if (notice.kind === "dropped" || notice.kind === "refused")
    measure("skua_dropped_spans", notice.spans, { reason: notice.kind });
}
