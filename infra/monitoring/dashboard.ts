import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { FUNCTION_DIMENSION, NAMESPACE, REASON_DIMENSION } from "../../lib/runtime/emf.ts";
import type { Measured, MetricOf } from "../../lib/runtime/metrics.ts";
import type { SkuaFunction } from "../function.ts";
import { DOLLARS } from "../prices.ts";
import type { Settings } from "../settings.ts";
import type { Watched } from "./alarms.ts";
import { lambdaOwn, ofService, ours } from "./metrics.ts";

/** One page: what comes in, how far behind the table is, what it costs, how fast it answers. */
export function addDashboard(scope: Construct, watched: Watched, { alerts }: Pick<Settings, "alerts">): void {
  const { ingest, indexers, rollup, merge, query } = watched;
  const writers = [...indexers, rollup, merge];
  const dashboard = new Dashboard(scope, "Dashboard", { defaultInterval: Duration.hours(3) });
  dashboard.addWidgets(
    panel(
      "Spans",
      [ours(ingest, "otelcol_receiver_accepted_spans", "Sum")],
      [ours(ingest, "otelcol_receiver_refused_spans", "Sum"), ours(ingest, "skua_truncated_spans", "Sum")],
    ),
    panel("Refused requests, by status", [
      byReason(ingest, "skua_refused_requests"),
      byReason(query, "skua_refused_requests"),
    ]),
    panel(
      "Records",
      indexers.map((each) => ours(each, "skua_indexed_records", "Sum")),
      [ours(ingest, "skua_put_retries", "Sum")],
    ),
  );
  dashboard.addWidgets(
    panel("Until a span is found, ms", [
      ...indexers.map((each) => ours(each, "skua_index_lag", "p50")),
      ...indexers.map((each) => ours(each, "skua_index_lag", "p99")),
      ...indexers.map((each) => lambdaOwn(each, "IteratorAge", "Maximum")),
    ]),
    panel(
      "Set aside, lost, left out",
      indexers.flatMap((each) => [
        ours(each, "skua_quarantined_records", "Sum"),
        ours(each, "skua_lost_ranges", "Sum"),
        byReason(each, "skua_dropped_spans"),
      ]),
    ),
    panel(
      "Errors",
      [ingest, ...writers, query].map((each) => lambdaOwn(each, "Errors", "Sum")),
    ),
  );
  dashboard.addWidgets(
    panel(
      "Write units",
      writers.map((each) => unitsOf(each)),
    ),
    panel("Dollars a million spans, the table's writes", [dollarsPerMillion(ingest, writers.map(unitsOf))]),
    panel(
      "Queries, ms",
      [ours(query, "skua_query_latency", "p50"), ours(query, "skua_query_latency", "p95")],
      [ours(query, "skua_query_read_bytes", "Sum")],
    ),
  );
  const ofEach = (metric: Parameters<typeof ofService>[1]) =>
    // An alarm's metric may have no label: it would be one of metric math, which emulators do not have.
    alerts.map((alert) => ofService(rollup, metric, alert).with({ label: alert.service }));
  if (alerts.length > 0)
    dashboard.addWidgets(
      panel("Calls of watched services, a minute", ofEach("skua_service_calls")),
      panel("Share of them that fails", ofEach("skua_service_error_rate")),
      panel("95th percentile, ms", ofEach("skua_service_p95")),
    );
}

const panel = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
  new GraphWidget({ title, left, right, width: 8 });

const unitsOf = (writer: SkuaFunction<"indexer" | "rollup" | "merge">): IMetric =>
  ours(writer, "skua_write_units", "Sum");

function dollarsPerMillion(ingest: SkuaFunction<"ingest">, units: readonly IMetric[]): MathExpression {
  const named = Object.fromEntries(units.map((each, i) => [`units${i}`, each]));
  return new MathExpression({
    expression: `(${Object.keys(named).join("+")})*${DOLLARS.writeUnit * 1_000_000}/spans`,
    usingMetrics: { ...named, spans: ours(ingest, "otelcol_receiver_accepted_spans", "Sum") },
    period: Duration.minutes(5),
    label: "dollars",
  });
}

const byReason = <F extends Measured>({ lambda }: SkuaFunction<F>, metric: MetricOf<F>): MathExpression =>
  new MathExpression({
    expression: `SEARCH('{${NAMESPACE},${FUNCTION_DIMENSION},${REASON_DIMENSION}} MetricName="${metric}" ${FUNCTION_DIMENSION}="${lambda.functionName}"', 'Sum', 300)`,
    label: "",
    period: Duration.minutes(5),
  });
