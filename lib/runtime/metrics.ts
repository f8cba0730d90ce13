interface Definition {
  /** Counters add up, of a histogram each value counts, of a gauge the last. */
  readonly type: "counter" | "histogram" | "gauge";
  readonly unit: "Count" | "Milliseconds" | "Bytes" | "Seconds" | "None";
  /** For people: what one more of it means, or what it says. */
  readonly help: string;
  /** What it is told apart by, beside the function. None of them grows with traffic: no tenant, no service but configured ones. */
  readonly by?: readonly string[];
  /** Only the server has it: of functions AWS knows it, or they have no such thing. */
  readonly only?: "server";
}

/**
 * Everything that is measured, by its name wherever it is shown. Names are the Collector's where they mean the same. Each
 * stands for one function; those that are told apart by something stand for each of it.
 */
export const METRICS = {
  otelcol_receiver_accepted_spans: { type: "counter", unit: "Count", help: "spans that were put into the stream" },
  otelcol_receiver_refused_spans: {
    ...{ type: "counter", unit: "Count", by: ["reason"] },
    help: "spans of taken requests that were refused, by reason",
  },
  skua_truncated_spans: {
    ...{ type: "counter", unit: "Count" },
    help: "spans that were kept without some of their attributes",
  },
  skua_refused_requests: {
    ...{ type: "counter", unit: "Count", by: ["reason"] },
    help: "requests that were answered with an error, by HTTP status",
  },
  skua_put_retries: {
    ...{ type: "counter", unit: "Count" },
    help: "records that the stream did not take at the first attempt",
  },
  skua_indexed_records: { type: "counter", unit: "Count", help: "records whose spans can be found" },
  skua_index_lag: {
    ...{ type: "histogram", unit: "Milliseconds" },
    help: "from a record's arrival in the stream until its spans can be found",
  },
  skua_quarantined_records: {
    ...{ type: "counter", unit: "Count" },
    help: "records that could not be read and were set aside",
  },
  skua_lost_ranges: {
    ...{ type: "counter", unit: "Count" },
    help: "plans whose records left the stream before they were indexed",
  },
  skua_dropped_spans: {
    ...{ type: "counter", unit: "Count", by: ["reason"] },
    help: "spans of records that were left out, by reason",
  },
  skua_write_units: {
    ...{ type: "counter", unit: "Count" },
    help: "write units of the table: most of what a span costs",
  },
  skua_query_latency: {
    ...{ type: "histogram", unit: "Milliseconds" },
    help: "from a request until the end of its answer",
  },
  skua_query_read_bytes: { type: "counter", unit: "Bytes", help: "bytes of items that queries read" },
  skua_service_calls: {
    ...{ type: "gauge", unit: "Count", by: ["tenant", "service"] },
    help: "calls that a service with an alert answered in its last whole minute",
  },
  skua_service_error_rate: {
    ...{ type: "gauge", unit: "None", by: ["tenant", "service"] },
    help: "share of those calls that failed, 0 to 1; not a number where they were too few",
  },
  skua_service_p95: {
    ...{ type: "gauge", unit: "Milliseconds", by: ["tenant", "service"] },
    help: "how long 95 in 100 of those calls took at most; not a number where they were too few",
  },
  skua_alert_error_rate: {
    ...{ type: "gauge", unit: "None", by: ["tenant", "service"], only: "server" },
    help: "share of failed calls from which on a service's alert goes off",
  },
  skua_alert_p95: {
    ...{ type: "gauge", unit: "Milliseconds", by: ["tenant", "service"], only: "server" },
    help: "95th percentile from which on a service's alert goes off",
  },
  skua_iterator_age: {
    ...{ type: "gauge", unit: "Milliseconds", only: "server" },
    help: "how long the oldest record has waited that is not indexed",
  },
  skua_failures: {
    ...{ type: "counter", unit: "Count", only: "server" },
    help: "times that a part of the server failed and was begun again",
  },
  skua_lost_datagrams: {
    ...{ type: "counter", unit: "Count", by: ["protocol", "reason"], only: "server" },
    help: "UDP datagrams whose spans are lost, by where",
  },
  otelcol_process_uptime: {
    ...{ type: "counter", unit: "Seconds", only: "server" },
    help: "since the process began",
  },
  otelcol_process_cpu_seconds: {
    ...{ type: "counter", unit: "Seconds", only: "server" },
    help: "CPU time of all threads",
  },
  otelcol_process_memory_rss: {
    ...{ type: "gauge", unit: "Bytes", only: "server" },
    help: "memory of all threads",
  },
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
  rollup: ["skua_write_units", "skua_service_calls", "skua_service_error_rate", "skua_service_p95"],
  merge: ["skua_write_units"],
  query: ["skua_query_latency", "skua_query_read_bytes", "skua_refused_requests"],
} as const satisfies Readonly<Record<string, readonly MetricName[]>>;

/** The same of the parts of the server, whose embedded stream and threads AWS does not watch over. */
export const SERVER_METRICS_OF = {
  ...METRICS_OF,
  indexer: [...METRICS_OF.indexer, "skua_iterator_age", "skua_failures"],
  rollup: [...METRICS_OF.rollup, "skua_alert_error_rate", "skua_alert_p95", "skua_failures"],
  merge: [...METRICS_OF.merge, "skua_failures"],
  udp: ["skua_lost_datagrams"],
  server: ["otelcol_process_uptime", "otelcol_process_cpu_seconds", "otelcol_process_memory_rss"],
} as const satisfies Readonly<Record<string, readonly MetricName[]>>;

export type Part = keyof typeof SERVER_METRICS_OF;
export type MetricOfPart<P extends Part> = (typeof SERVER_METRICS_OF)[P][number];

export type Measured = keyof typeof METRICS_OF;
export type MetricOf<F extends Measured> = (typeof METRICS_OF)[F][number];

/** What a value is told apart by. */
export type Labels = Readonly<Record<string, string>>;

/** Takes what one function measures. */
export type Measure<N extends MetricName = MetricName> = (metric: N, value: number, labels?: Labels) => void;

export interface Sample {
  readonly metric: MetricName;
  readonly labels: Labels;
  /** One sum of what is counted, each value of a histogram, or how a gauge stood last. */
  readonly values: readonly number[];
}

export interface Meter<F extends Measured> {
  readonly measure: Measure<MetricOf<F>>;
  /** What was measured since the last time; empty when nothing was. Counters that nothing was added to are there as 0. */
  take(): readonly Sample[];
}

/** CloudWatch takes so many values of a metric in one line. */
const MAX_VALUES = 100;

/** Holds what one process measures until it is handed on. */
export function meterOf<F extends Measured>(of: F): Meter<F> {
  let samples = new Map<string, { metric: MetricName; labels: Labels; values: number[] }>();

  function add(metric: MetricName, value: number, labels: Labels): void {
    // Nobody takes what is no number.
    if (Number.isNaN(value)) return;
    const key = `${metric} ${JSON.stringify(labels)}`;
    const sample = samples.get(key) ?? { metric, labels, values: [] };
    samples.set(key, sample);
    const { type } = METRICS[metric];
    if (type === "counter") sample.values = [(sample.values[0] ?? 0) + value];
    else if (type === "gauge") sample.values = [value];
    else if (sample.values.length < MAX_VALUES) sample.values.push(value);
  }

  return {
    measure: (metric, value, labels = {}) => add(metric, value, labels),
    take() {
      if (samples.size === 0) return [];
      for (const metric of METRICS_OF[of]) if (METRICS[metric].type === "counter") add(metric, 0, {});
      const taken = [...samples.values()];
      samples = new Map();
      return taken;
    },
  };
}
