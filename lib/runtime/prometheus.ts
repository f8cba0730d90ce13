import {
  type Labels,
  METRICS,
  type Measure,
  type MetricName,
  type MetricOfPart,
  type Part,
  type Sample,
  SERVER_METRICS_OF,
} from "./metrics.ts";

/** What text() is, for the Content-Type of an answer. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Like the Lambda functions' dimension: which part of the server measured it. */
const PART_LABEL = "function";

/** Upper bounds of a histogram's buckets, seconds: from an answer out of memory to an indexer that is minutes behind. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** All that one process has measured since it began, as Prometheus asks for it. */
export interface Exposition {
  /** Takes what a part measures under these labels: all, or what is named. Its counters are there from now on, as 0. */
  measureOf<P extends Part, N extends MetricOfPart<P>>(part: P, labels?: Labels, names?: readonly N[]): Measure<N>;
  /** The same of what a part has measured elsewhere: in a thread. */
  samplesOf(part: Part, labels?: Labels): (samples: readonly Sample[]) => void;
  /** Has gauges, and what the process counts itself, asked for each time. */
  show(part: Part, levels: () => readonly Sample[]): void;
  /** Prometheus' text format 0.0.4. */
  text(): string;
}

/** What a metric is called here: with its base unit, and `_total` where it adds up (Prometheus, "Metric and label naming"). */
export function seriesName(metric: MetricName): string {
  const { type, unit } = METRICS[metric];
  const suffix = unit === "Bytes" ? "_bytes" : unit === "Milliseconds" || unit === "Seconds" ? "_seconds" : "";
  const named = suffix === "" || metric.endsWith(suffix) ? metric : `${metric}${suffix}`;
  return type === "counter" ? `${named}_total` : named;
}

interface Histogram {
  /** Of each bucket alone; the last is what lies above all bounds. */
  readonly counts: number[];
  sum: number;
}

export function exposition(): Exposition {
  /** By metric, then by labels as they are written. */
  const counters = new Map<MetricName, Map<string, number>>();
  const histograms = new Map<MetricName, Map<string, Histogram>>();
  const shown: (() => readonly Sample[])[] = [];

  function add(metric: MetricName, labels: Labels, value: number): void {
    const series = seriesOf(counters, metric);
    const key = labelText(labels);
    series.set(key, (series.get(key) ?? 0) + inBaseUnit(metric, value));
  }

  function observe(metric: MetricName, labels: Labels, value: number): void {
    const series = seriesOf(histograms, metric);
    const key = labelText(labels);
    const histogram = series.get(key) ?? { counts: new Array<number>(BUCKETS.length + 1).fill(0), sum: 0 };
    series.set(key, histogram);
    const base = inBaseUnit(metric, value);
    const bucket = BUCKETS.findIndex((bound) => base <= bound);
    const at = bucket < 0 ? BUCKETS.length : bucket;
    histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
    histogram.sum += base;
  }

  function recorderOf(part: Part, labels: Labels, names: readonly MetricName[]): Measure {
    const own = { [PART_LABEL]: part, ...labels };
    for (const metric of names)
      if (METRICS[metric].type === "counter" && !("by" in METRICS[metric])) add(metric, own, 0);
    return (metric, value, more = {}) => {
      // A sum over what it is told apart by: Prometheus makes that itself.
      if ("by" in METRICS[metric] && Object.keys(more).length === 0) return;
      const all = { ...own, ...more };
      if (METRICS[metric].type === "counter") add(metric, all, value);
      else observe(metric, all, value);
    };
  }

  return {
    measureOf: (part, labels = {}, names) => recorderOf(part, labels, names ?? SERVER_METRICS_OF[part]),
    samplesOf(part, labels = {}) {
      const record = recorderOf(part, labels, SERVER_METRICS_OF[part]);
      return (samples) => {
        for (const { metric, labels, values } of samples) for (const value of values) record(metric, value, labels);
      };
    },
    show(part, levels) {
      shown.push(() => levels().map((sample) => ({ ...sample, labels: { [PART_LABEL]: part, ...sample.labels } })));
    },
    text() {
      const levels = shown.flatMap((ask) => ask());
      const lines = Object.keys(METRICS).flatMap((name) => {
        const metric = name as MetricName;
        const own = linesOf(metric, { counters, histograms, levels });
        return own.length === 0 ? [] : [...headOf(metric), ...own];
      });
      return lines.map((line) => `${line}\n`).join("");
    },
  };
}

interface Held {
  readonly counters: ReadonlyMap<MetricName, ReadonlyMap<string, number>>;
  readonly histograms: ReadonlyMap<MetricName, ReadonlyMap<string, Histogram>>;
  readonly levels: readonly Sample[];
}

function linesOf(metric: MetricName, { counters, histograms, levels }: Held): string[] {
  const name = seriesName(metric);
  const sums = [...(counters.get(metric) ?? [])].map(([labels, value]) => line(name, labels, value));
  const spread = [...(histograms.get(metric) ?? [])].flatMap(([labels, own]) => histogramLines(name, labels, own));
  const stands = levels
    .filter((sample) => sample.metric === metric)
    .map(({ labels, values }) => line(name, labelText(labels), inBaseUnit(metric, values[0] ?? Number.NaN)));
  return [...sums, ...spread, ...stands];
}

function histogramLines(name: string, labels: string, { counts, sum }: Histogram): string[] {
  let below = 0;
  const buckets = counts.map((count, at) => {
    below += count;
    return line(`${name}_bucket`, `${labels},le="${BUCKETS[at] ?? "+Inf"}"`, below);
  });
  return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, below)];
}

function headOf(metric: MetricName): string[] {
  const name = seriesName(metric);
  const { help, type } = METRICS[metric];
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

const line = (name: string, labels: string, value: number): string => `${name}{${labels}} ${value}`;

const inBaseUnit = (metric: MetricName, value: number): number =>
  METRICS[metric].unit === "Milliseconds" ? value / 1000 : value;

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join();

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };
const escaped = (value: string): string => value.replaceAll(/[\\"\n]/g, (character) => ESCAPES[character] ?? character);

function seriesOf<T>(all: Map<MetricName, Map<string, T>>, metric: MetricName): Map<string, T> {
  const series = all.get(metric) ?? new Map<string, T>();
  all.set(metric, series);
  return series;
}
