import type { Source } from "./dashboard.ts";
import { series } from "./series.ts";

export const PROMETHEUS: Source = { type: "prometheus", uid: "skua-prometheus" };
export const CLOUDWATCH: Source = { type: "cloudwatch", uid: "skua-cloudwatch" };
const LOGS = { type: "loki", uid: "skua-logs" };

/** As programs that send both write it on their logs: Loki's OTLP door makes this label of `service.name`. */
const SERVICE_OF_LOGS = { key: "service.name", value: "service_name" };
const SERVICE_OF_METRICS = { key: "service.name", value: "service" };

/** Grafana's data sources (its "Provisioning"): addresses and the token are its environment's. */
export const sourcesFile = {
  apiVersion: 1,
  datasources: [
    {
      ...{ name: "Skua", uid: "skua", type: "jaeger", access: "proxy", url: "$SKUA_QUERY_URL" },
      jsonData: {
        httpHeaderName1: "Authorization",
        // Fewer hours are read where a link says when a trace was.
        traceIdTimeParams: { enabled: true },
        nodeGraph: { enabled: true },
        tracesToLogsV2: {
          datasourceUid: LOGS.uid,
          ...{ spanStartTimeShift: "-1m", spanEndTimeShift: "1m", filterByTraceID: true },
          tags: [SERVICE_OF_LOGS],
        },
        tracesToMetrics: {
          datasourceUid: PROMETHEUS.uid,
          ...{ spanStartTimeShift: "-30m", spanEndTimeShift: "30m" },
          tags: [SERVICE_OF_METRICS],
          // Grafana reads $$ as one dollar that is none of its environment's.
          queries: [
            { name: "Calls a minute", query: series("skua_service_calls", "$$__tags") },
            { name: "Share that fails", query: series("skua_service_error_rate", "$$__tags") },
            { name: "95th percentile", query: series("skua_service_p95", "$$__tags") },
          ],
        },
      },
      secureJsonData: { httpHeaderValue1: "Bearer $SKUA_TOKEN" },
    },
    { ...{ name: "Skua, Prometheus", ...PROMETHEUS }, ...{ access: "proxy", url: "$PROMETHEUS_URL" } },
    {
      ...{ name: "Skua, CloudWatch", ...CLOUDWATCH },
      jsonData: { authType: "default", defaultRegion: "$AWS_REGION" },
    },
    { ...{ name: "Logs", ...LOGS }, ...{ access: "proxy", url: "$LOKI_URL" } },
  ],
};

/** Where Grafana finds the dashboards. */
const DASHBOARDS_FOLDER = "/var/lib/grafana/dashboards";

export const providersFile = {
  apiVersion: 1,
  providers: [{ name: "skua", folder: "Skua", type: "file", options: { path: DASHBOARDS_FOLDER } }],
};
