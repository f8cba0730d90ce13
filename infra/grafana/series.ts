import type { MetricName } from "../../lib/runtime/metrics.ts";
import { seriesName } from "../../lib/runtime/prometheus.ts";

/** A metric as Prometheus has it. @param matchers what stands in the braces */
export const series = (metric: MetricName, matchers = ""): string =>
  matchers === "" ? seriesName(metric) : `${seriesName(metric)}{${matchers}}`;

/** How much it rose over a time. */
export const increase = (metric: MetricName, over: string, matchers = ""): string =>
  `increase(${series(metric, matchers)}[${over}])`;

/** What so many of a histogram's values lie below. @param share 0 to 1 */
export const quantile = (share: number, metric: MetricName, over: string): string =>
  `histogram_quantile(${share}, sum by (le) (rate(${seriesName(metric)}_bucket[${over}])))`;
