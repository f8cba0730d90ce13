interface Definition {
  readonly unit: "Count" | "Milliseconds" | "Bytes";
  /** For people: what one more of it means. */
  readonly help: string;
}

/**
 * Everything that is measured, by its name wherever it is shown. Names are the Collector's where they mean the same. Each
 * stands for one function; those that are counted by reason stand for each reason beside that.
 */
export const METRICS = {
  otelcol_receiver_accepted_spans: { unit: "Count", help: "spans that were put into the stream" },
  otelcol_receiver_refused_spans: { unit: "Count", help: "spans of taken requests that were refused, by reason" },
  skua_truncated_spans: { unit: "Count", help: "spans that were kept without some of their attributes" },
  skua_refused_requests: { unit: "Count", help: "requests that were answered with an error, by HTTP status" },
  skua_put_retries: { unit: "Count", help: "records that the stream did not take at the first attempt" },
  skua_indexed_records: { unit: "Count", help: "records whose spans can be found" },
  skua_index_lag: { unit: "Milliseconds", help: "from a record's arrival in the stream until its spans can be found" },
  skua_quarantined_records: { unit: "Count", help: "records that could not be read and were set aside" },
  skua_lost_ranges: { unit: "Count", help: "plans whose records left the stream before they were indexed" },
  skua_dropped_spans: { unit: "Count", help: "spans of records that were left out, by reason" },
  skua_write_units: { unit: "Count", help: "write units of the table: most of what a span costs" },
  skua_query_latency: { unit: "Milliseconds", help: "from a request until the end of its answer" },
  skua_query_read_bytes: { unit: "Bytes", help: "bytes of items that queries read" },
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof METRICS;

/** Which function measures what: what an alarm or a panel may name. */
export const METRICS_OF = {
  ingest: [
    "otelcol_receiver_accepted_spans",
    "otelcol_receiver_refused_spans",
    "skua_truncated_spans",
    "skua_refused_requests",
    "skua_put_retries",
  ],
  indexer: [
    "skua_indexed_records",
    "skua_index_lag",
    "skua_quarantined_records",
    "skua_lost_ranges",
    "skua_dropped_spans",
    "skua_write_units",
  ],
  rollup: ["skua_write_units"],
  merge: ["skua_write_units"],
  query: ["skua_query_latency", "skua_query_read_bytes", "skua_refused_requests"],
} as const satisfies Readonly<Record<string, readonly MetricName[]>>;

export type Measured = keyof typeof METRICS_OF;
export type MetricOf<F extends Measured> = (typeof METRICS_OF)[F][number];

/** Takes what one function measures. */
export type Measure<N extends MetricName = MetricName> = (metric: N, value: number, reason?: string) => void;

export interface Sample {
  readonly metric: MetricName;
  readonly reason: string | undefined;
  /** One sum of what is counted, or each time that was taken. */
  readonly values: readonly number[];
}

export interface Meter<F extends Measured> {
  readonly measure: Measure<MetricOf<F>>;
  /** What was measured since the last time; empty when nothing was. Counts that nothing was added to are there as 0. */
  take(): readonly Sample[];
}

/** CloudWatch takes so many values of a metric in one line. */
const MAX_VALUES = 100;

/** Holds what one process measures until it is written out. */
export function meterOf<F extends Measured>(of: F): Meter<F> {
  let samples = new Map<string, { metric: MetricName; reason: string | undefined; values: number[] }>();

  function add(metric: MetricName, value: number, reason: string | undefined): void {
    const key = `${metric} ${reason}`;
    const sample = samples.get(key) ?? { metric, reason, values: [] };
    samples.set(key, sample);
    const [sum] = sample.values;
    if (METRICS[metric].unit === "Milliseconds") {
      if (sample.values.length < MAX_VALUES) sample.values.push(value);
    } else sample.values = [(sum ?? 0) + value];
  }

  return {
    measure(metric, value, reason) {
      add(metric, value, undefined);
      if (reason !== undefined) add(metric, value, reason);
    },
    take() {
      if (samples.size === 0) return [];
      for (const metric of METRICS_OF[of]) if (METRICS[metric].unit !== "Milliseconds") add(metric, 0, undefined);
      const taken = [...samples.values()];
      samples = new Map();
      return taken;
    },
  };
}
