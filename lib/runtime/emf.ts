import { type Labels, METRICS, type MetricName, type Sample } from "./metrics.ts";

/** Where CloudWatch shows them. */
export const NAMESPACE = "Skua";

/** The one dimension that every metric has: the function's name in its account, which differs from stage to stage. */
export const FUNCTION_DIMENSION = "function";
export const REASON_DIMENSION = "reason";

/**
 * Samples as lines of a log from which CloudWatch makes metrics (CloudWatch User Guide, "Embedded metric format"): one line
 * for the function as a whole, and one for each of what samples are told apart by.
 */
export function emfLines(samples: readonly Sample[], functionName: string, timeMillis: number): string[] {
  const lines = new Map<string, { labels: Labels; values: Map<MetricName, readonly number[]> }>();
  const lineOf = (labels: Labels) => {
    const key = JSON.stringify(labels);
    const line = lines.get(key) ?? { labels, values: new Map() };
    lines.set(key, line);
    return line.values;
  };
  for (const { metric, labels, values } of samples) {
    // CloudWatch adds nothing up over dimensions.
    if (METRICS[metric].type === "counter") {
      const all = lineOf({});
      all.set(metric, [(all.get(metric)?.[0] ?? 0) + (values[0] ?? 0)]);
    }
    if (METRICS[metric].type !== "counter" || Object.keys(labels).length > 0) lineOf(labels).set(metric, values);
  }
  return [...lines.values()].map(({ labels, values }) =>
    lineText({ [FUNCTION_DIMENSION]: functionName, ...labels }, values, timeMillis),
  );
}

function lineText(dimensions: Labels, values: ReadonlyMap<MetricName, readonly number[]>, timeMillis: number): string {
  const metrics = [...values.keys()].map((metric) => ({ Name: metric, Unit: METRICS[metric].unit }));
  const directive = { Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics };
  const shown = [...values].map(([metric, own]) => [metric, own.length === 1 ? own[0] : own]);
  return JSON.stringify({
    _aws: { Timestamp: timeMillis, CloudWatchMetrics: [directive] },
    ...dimensions,
    ...Object.fromEntries(shown),
  });
}
