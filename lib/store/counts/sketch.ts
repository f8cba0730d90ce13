/**
 * A duration distribution with a bounded relative error: DDSketch's logarithmic buckets (Masson, Rim, Lee, VLDB 2019).
 * Bucket i holds durations in (GAMMA^(i-1), GAMMA^i] nanoseconds; sketches merge by adding their counts.
 */
export const RELATIVE_ERROR = 0.05;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** Above the bucket of 2^63 ns, the longest a span can be. */
export const MAX_BUCKETS = 512;

export const bucketOf = (durationNanos: number): number => Math.max(0, Math.ceil(Math.log(durationNanos) / LOG_GAMMA));

/** The value that is within the relative error of everything in the bucket; nanoseconds. */
const bucketNanos = (bucket: number): number => (2 * GAMMA ** bucket) / (GAMMA + 1);

/** Count per bucket. */
export type Sketch = ReadonlyMap<number, number>;

/** The value below which `quantile` (0 to 1) of the durations lie, nanoseconds; undefined when there are none. */
export function quantileNanos(sketch: Sketch, quantile: number): number | undefined {
  const buckets = [...sketch].sort((a, b) => a[0] - b[0]);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let rank = quantile * (total - 1);
  for (const [bucket, count] of buckets) {
    rank -= count;
    if (rank < 0) return bucketNanos(bucket);
  }
  return undefined;
}
