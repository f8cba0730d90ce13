import type { SpanTable } from "../otlp/span-table.ts";
import type { TraceOrdinals } from "../otlp/trace-ordinals.ts";
import type { ShardMap } from "../stream/places.ts";
import { TARGET_RAW_BYTES } from "../stream/record.ts";

/** Rows by shard, traces whole where they fit, in groups of about {@link TARGET_RAW_BYTES}. */
export function* recordGroups(
  table: SpanTable,
  traces: TraceOrdinals,
  rows: Uint32Array,
  map: ShardMap,
): Generator<Uint32Array> {
  const shardOfTrace = new Uint32Array(traces.count);
  for (let trace = 0; trace < traces.count; trace++) {
    const row = traces.firstRow[trace] as number;
    shardOfTrace[trace] = map.shardIndexOfTrace(table.bytes, table.traceId[row] as number);
  }
  const shardOf = traces.ordinal.map((trace) => shardOfTrace[trace] as number);
  const byTrace = countingSort(rows, traces.count, traces.ordinal);
  const sorted = countingSort(byTrace, map.shards.length, shardOf);
  let first = 0;
  let bytes = 0;
  for (let i = 0; i < sorted.length; i++) {
    const row = sorted[i] as number;
    const size = (table.end[row] as number) - (table.start[row] as number);
    const isNewShard = i > 0 && shardOf[row] !== shardOf[sorted[i - 1] as number];
    if (i > first && (isNewShard || bytes + size > TARGET_RAW_BYTES)) {
      yield sorted.subarray(first, i);
      first = i;
      bytes = 0;
    }
    bytes += size;
  }
  yield sorted.subarray(first);
}

/** Stable. @param bucketOf per row */
function countingSort(rows: Uint32Array, buckets: number, bucketOf: Uint32Array): Uint32Array {
  const next = new Uint32Array(buckets + 1);
  for (let i = 0; i < rows.length; i++) {
    const bucket = bucketOf[rows[i] as number] as number;
    next[bucket + 1] = (next[bucket + 1] as number) + 1;
  }
  for (let i = 1; i <= buckets; i++) next[i] = (next[i] as number) + (next[i - 1] as number);
  const sorted = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const bucket = bucketOf[row] as number;
    const at = next[bucket] as number;
    next[bucket] = at + 1;
    sorted[at] = row;
  }
  return sorted;
}
