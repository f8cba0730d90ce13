import type { Dashboard } from "@grafana/schema";
import type { CloudWatchMetricsQuery } from "@grafana/schema/dist/esm/raw/composable/cloudwatch/dataquery/x/CloudWatchDataQuery_types.gen";
import { FUNCTION_DIMENSION, NAMESPACE, REASON_DIMENSION } from "../../lib/runtime/emf.ts";
import type { Measured, MetricOf } from "../../lib/runtime/metrics.ts";
import { DOLLARS } from "../prices.ts";
import { dashboard, type Target } from "./dashboard.ts";
import { CLOUDWATCH } from "./sources.ts";

const PERIOD_SECONDS = 300;

type CloudTarget = Target & Omit<CloudWatchMetricsQuery, "refId">;

type Question = Required<
  Pick<CloudWatchMetricsQuery, "namespace" | "metricName" | "dimensions" | "statistic" | "label">
> & {
  readonly id?: string;
};

/** Grafana's numbers: a search for metrics, from a form or from an expression. */
const [SEARCH, FORM, EXPRESSION] = [0, 0, 1];

const ask = ({ id = "", ...asked }: Question): CloudTarget => ({
  ...{ queryMode: "Metrics", metricQueryType: SEARCH, metricEditorMode: FORM, matchExact: true, region: "default" },
  ...{ ...asked, id, period: String(PERIOD_SECONDS), expression: "" },
});

/** Metric math over what has an id; what is only counted with is not drawn. */
const math = (expression: string, label: string): CloudTarget => ({
  ...ask({ namespace: "", metricName: "", dimensions: {}, statistic: "Sum", label, id: label }),
  ...{ metricEditorMode: EXPRESSION, expression },
});

/** Of a function of ours, which a variable above the panels names. */
const ours = <F extends Measured>(of: F, metric: MetricOf<F>, statistic: string, label: string, id = ""): CloudTarget =>
  ask({
    ...{ namespace: NAMESPACE, metricName: metric, statistic, label, id },
    dimensions: { [FUNCTION_DIMENSION]: `$${of}` },
  });

const byReason = <F extends Measured>(of: F, metric: MetricOf<F>, label: string): CloudTarget =>
  ask({
    ...{ namespace: NAMESPACE, metricName: metric, statistic: "Sum", label },
    dimensions: { [FUNCTION_DIMENSION]: `$${of}`, [REASON_DIMENSION]: "*" },
  });

/** In a label, what a dimension is (CloudWatch, "Dynamic labels"). */
const shown = (dimension: string): string => `\${PROP('Dim.${dimension}')}`;

const ofService = (metric: Extract<MetricOf<"rollup">, `skua_service_${string}`>): CloudTarget =>
  ask({
    ...{ namespace: NAMESPACE, metricName: metric, statistic: "Maximum", label: shown("service") },
    dimensions: { [FUNCTION_DIMENSION]: "$rollup", tenant: "*", service: "*" },
  });

const lambdaOwn = (of: Measured, metricName: "Errors" | "Throttles" | "IteratorAge", statistic: string): CloudTarget =>
  ask({
    ...{ namespace: "AWS/Lambda", metricName, statistic, label: `${metricName}, ${of}` },
    dimensions: { FunctionName: `$${of}` },
  });

/** Found by what CloudFormation calls it: part of its name is the construct's. */
const variable = (of: Measured, metric: MetricOf<typeof of>) => ({
  ...{ name: of, label: of, regex: `/${of}Function/i` },
  query: `dimension_values(default, ${NAMESPACE}, ${metric}, ${FUNCTION_DIMENSION})`,
});

/** A stack, as CloudWatch sees it. */
export const awsDashboard = (): Dashboard =>
  dashboard({
    ...{ uid: "skua-aws", title: "Skua, AWS", source: CLOUDWATCH },
    variables: [
      variable("ingest", "otelcol_receiver_accepted_spans"),
      variable("indexer", "skua_indexed_records"),
      variable("rollup", "skua_write_units"),
      variable("merge", "skua_write_units"),
      variable("query", "skua_query_latency"),
    ],
    panels: [
      {
        ...{ title: "Spans", unit: "short" },
        targets: [
          ours("ingest", "otelcol_receiver_accepted_spans", "Sum", "taken"),
          ours("ingest", "otelcol_receiver_refused_spans", "Sum", "refused"),
          ours("ingest", "skua_truncated_spans", "Sum", "cut"),
        ],
      },
      {
        ...{ title: "Refused requests, by status", unit: "short" },
        targets: [
          byReason("ingest", "skua_refused_requests", `ingest ${shown("reason")}`),
          byReason("query", "skua_refused_requests", `query ${shown("reason")}`),
        ],
      },
      {
        ...{ title: "Records", unit: "short" },
        targets: [
          ours("indexer", "skua_indexed_records", "Sum", "indexed"),
          ours("ingest", "skua_put_retries", "Sum", "put again"),
        ],
      },
      {
        ...{ title: "Until a span is found", unit: "ms" },
        targets: [
          ours("indexer", "skua_index_lag", "p50", "half"),
          ours("indexer", "skua_index_lag", "p99", "99 in 100"),
          lambdaOwn("indexer", "IteratorAge", "Maximum"),
        ],
      },
      {
        ...{ title: "Set aside, lost, left out", unit: "short" },
        targets: [
          ours("indexer", "skua_quarantined_records", "Sum", "records set aside"),
          ours("indexer", "skua_lost_ranges", "Sum", "ranges lost"),
          byReason("indexer", "skua_dropped_spans", `spans ${shown("reason")}`),
        ],
      },
      {
        ...{ title: "Errors and throttles", unit: "short" },
        targets: [
          ...(["ingest", "indexer", "rollup", "merge", "query"] as const).map((of) => lambdaOwn(of, "Errors", "Sum")),
          ...(["ingest", "indexer"] as const).map((of) => lambdaOwn(of, "Throttles", "Sum")),
        ],
      },
      {
        ...{ title: "Write units", unit: "short" },
        targets: (["indexer", "rollup", "merge"] as const).map((of) => ours(of, "skua_write_units", "Sum", of)),
      },
      {
        ...{ title: "Dollars a million spans, the table's writes", unit: "currencyUSD" },
        targets: [
          { ...ours("ingest", "otelcol_receiver_accepted_spans", "Sum", "", "spans"), hide: true },
          ...(["indexer", "rollup", "merge"] as const).map((of) => ({
            ...ours(of, "skua_write_units", "Sum", "", of),
            hide: true,
          })),
          math(`(indexer+FILL(rollup,0)+FILL(merge,0))*${DOLLARS.writeUnit * 1_000_000}/spans`, "dollars"),
        ],
      },
      {
        ...{ title: "Queries", unit: "ms" },
        targets: [
          ours("query", "skua_query_latency", "p50", "half"),
          ours("query", "skua_query_latency", "p95", "95 in 100"),
        ],
      },
      {
        ...{ title: "Bytes that queries read", unit: "bytes" },
        targets: [ours("query", "skua_query_read_bytes", "Sum", "read")],
      },
      {
        ...{ title: "Calls of watched services, a minute", unit: "short" },
        targets: [ofService("skua_service_calls")],
      },
      {
        ...{ title: "Share of them that fails", unit: "percentunit" },
        targets: [ofService("skua_service_error_rate")],
      },
      { ...{ title: "95th percentile", unit: "ms" }, targets: [ofService("skua_service_p95")] },
    ],
  });
