import { METRICS, type Sample } from "./metrics.ts";

/** Where CloudWatch shows them. */
export const NAMESPACE = "Skua";

/** The one dimension that every metric has: the function's name in its account, which differs from stage to stage. */
export const FUNCTION_DIMENSION = "function";
export const REASON_DIMENSION = "reason";

/**
 * Samples as lines of a log from which CloudWatch makes metrics (CloudWatch User Guide, "Embedded metric format"): one line
 * for what has no reason, and one a reason.
 */
export function emfLines(samples: readonly Sample[], functionName: string, timeMillis: number): string[] {
  const byReason = new Map<string | undefined, Sample[]>();
  for (const sample of samples) byReason.set(sample.reason, [...(byReason.get(sample.reason) ?? []), sample]);
  return [...byReason].map(([reason, own]) => {
    const dimensions = {
      [FUNCTION_DIMENSION]: functionName,
      ...(reason === undefined ? {} : { [REASON_DIMENSION]: reason }),
    };
    const metrics = own.map(({ metric }) => ({ Name: metric, Unit: METRICS[metric].unit }));
    const directive = { Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics };
    const values = own.map(({ metric, values }) => [metric, values.length === 1 ? values[0] : values]);
    return JSON.stringify({
      _aws: { Timestamp: timeMillis, CloudWatchMetrics: [directive] },
      ...dimensions,
      ...Object.fromEntries(values),
    });
  });
}
