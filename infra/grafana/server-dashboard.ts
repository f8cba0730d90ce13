import type { Dashboard } from "@grafana/schema";
import type { MetricName } from "../../lib/runtime/metrics.ts";
import { DOLLARS } from "../prices.ts";
import { dashboard, type Target } from "./dashboard.ts";
import { quantile, series } from "./series.ts";
import { PROMETHEUS } from "./sources.ts";

/** Grafana's own: as long as a step, and four scrapes at least. */
const STEP = "$__rate_interval";

const ask = (expr: string, legendFormat: string): Target => ({ expr, legendFormat });

const rate = (metric: MetricName, matchers = ""): string => `rate(${series(metric, matchers)}[${STEP}])`;
const sumBy = (labels: string, metric: MetricName, matchers = ""): string =>
  `sum by (${labels}) (${rate(metric, matchers)})`;

/** The all-in-one server, as Prometheus sees it. */
export const serverDashboard = (): Dashboard =>
  dashboard({
    ...{ uid: "skua-server", title: "Skua, server", source: PROMETHEUS, variables: [] },
    panels: [
      {
        ...{ title: "Spans taken a second, by where from", unit: "short" },
        targets: [ask(sumBy("receiver, transport", "otelcol_receiver_accepted_spans"), "{{receiver}} {{transport}}")],
      },
      {
        ...{ title: "Refused, cut, lost, a second", unit: "short" },
        targets: [
          ask(sumBy("receiver", "otelcol_receiver_refused_spans"), "spans refused, {{receiver}}"),
          ask(sumBy("receiver", "skua_truncated_spans"), "spans cut, {{receiver}}"),
          ask(sumBy("reason", "skua_dropped_spans"), "spans {{reason}}"),
          ask(sumBy("protocol, reason", "skua_lost_datagrams"), "datagrams lost, {{protocol}}, {{reason}}"),
        ],
      },
      {
        ...{ title: "Refused requests a second, by status", unit: "short" },
        targets: [ask(sumBy("function, reason", "skua_refused_requests"), "{{function}} {{reason}}")],
      },
      {
        ...{ title: "Until a span is found", unit: "s" },
        targets: [
          ask(quantile(0.5, "skua_index_lag", STEP), "half"),
          ask(quantile(0.99, "skua_index_lag", STEP), "99 in 100"),
          ask(series("skua_iterator_age"), "oldest that waits, {{stream}}"),
        ],
      },
      {
        ...{ title: "Records a second", unit: "short" },
        targets: [
          ask(sumBy("stream", "skua_indexed_records"), "indexed, {{stream}}"),
          ask(sumBy("instance", "skua_put_retries"), "put again"),
        ],
      },
      {
        ...{ title: "Set aside, lost, failed, an hour", unit: "short" },
        targets: [
          ask(`sum(increase(${series("skua_quarantined_records")}[1h]))`, "records set aside"),
          ask(`sum(increase(${series("skua_lost_ranges")}[1h]))`, "ranges lost"),
          ask(`sum by (function) (increase(${series("skua_failures")}[1h]))`, "failures, {{function}}"),
        ],
      },
      {
        ...{ title: "Queries", unit: "s" },
        targets: [
          ask(quantile(0.5, "skua_query_latency", STEP), "half"),
          ask(quantile(0.95, "skua_query_latency", STEP), "95 in 100"),
        ],
      },
      {
        ...{ title: "Bytes that queries read, a second", unit: "bytes" },
        targets: [ask(sumBy("instance", "skua_query_read_bytes"), "{{instance}}")],
      },
      {
        ...{ title: "Write units a second", unit: "short" },
        targets: [ask(sumBy("function", "skua_write_units"), "{{function}}")],
      },
      {
        ...{ title: "Dollars a million spans, what DynamoDB takes for the writes", unit: "currencyUSD" },
        targets: [
          ask(
            `${DOLLARS.writeUnit * 1_000_000} * sum(increase(${series("skua_write_units")}[1h])) / (sum(increase(${series("otelcol_receiver_accepted_spans")}[1h])) > 0)`,
            "over an hour",
          ),
        ],
      },
      {
        ...{ title: "CPU, cores", unit: "short" },
        targets: [ask(sumBy("instance", "otelcol_process_cpu_seconds"), "{{instance}}")],
      },
      {
        ...{ title: "Memory", unit: "bytes" },
        targets: [ask(series("otelcol_process_memory_rss"), "{{instance}}")],
      },
      {
        ...{ title: "Calls of watched services, a minute", unit: "short" },
        targets: [ask(series("skua_service_calls"), "{{service}}")],
      },
      {
        ...{ title: "Share of them that fails", unit: "percentunit" },
        targets: [
          ask(series("skua_service_error_rate"), "{{service}}"),
          ask(series("skua_alert_error_rate"), "{{service}}, alert"),
        ],
      },
      {
        ...{ title: "95th percentile", unit: "s" },
        targets: [ask(series("skua_service_p95"), "{{service}}"), ask(series("skua_alert_p95"), "{{service}}, alert")],
      },
      {
        ...{ title: "Up since", unit: "s" },
        targets: [ask(series("otelcol_process_uptime"), "{{instance}}")],
      },
    ],
  });
