import { increase, series } from "./series.ts";

/** An alert rule of Prometheus. */
interface Rule {
  /** As docs/operate.md has it, with the alarms of a stack that mean the same. */
  readonly name: string;
  readonly expr: string;
  /** How long it has to hold. */
  readonly for: string;
  readonly severity: "critical" | "warning";
  /** With Prometheus' templates in it. */
  readonly says: string;
}

/** The same limits as a stack's alarms have, and what only a server can suffer from. */
export const RULES: readonly Rule[] = [
  {
    ...{ name: "Down", expr: 'up{job="skua"} == 0', for: "2m", severity: "critical" },
    says: "{{ $labels.instance }} does not answer",
  },
  {
    name: "IndexerAge",
    expr: `max by (instance, stream) (${series("skua_iterator_age")}) > 60`,
    ...{ for: "5m", severity: "critical" },
    says: "Spans wait in the stream {{ $labels.stream }} and cannot be found",
  },
  {
    name: "IndexerErrors",
    expr: `${increase("skua_failures", "10m", 'function="indexer"')} > 1`,
    ...{ for: "0m", severity: "critical" },
    says: "The indexer ends again and again",
  },
  {
    name: "MergeErrors",
    expr: `sum by (instance) (${increase("skua_failures", "15m", 'function=~"rollup|merge"')}) > 2`,
    ...{ for: "0m", severity: "warning" },
    says: "Segments are not merged",
  },
  {
    name: "IndexerQuarantine",
    expr: `${increase("skua_quarantined_records", "15m")} > 0`,
    ...{ for: "0m", severity: "warning" },
    says: "A record could not be read and was set aside",
  },
  {
    name: "IndexerLost",
    expr: `${increase("skua_lost_ranges", "15m")} > 0`,
    ...{ for: "0m", severity: "critical" },
    says: "Records left the stream before they were indexed",
  },
  {
    name: "Refusals",
    expr: `sum by (instance) (${increase("skua_refused_requests", "5m", 'function="ingest"')}) >= 100`,
    ...{ for: "5m", severity: "warning" },
    says: "Senders are refused",
  },
  {
    name: "QueryErrors",
    expr: `sum by (instance) (${increase("skua_refused_requests", "5m", 'function="query",reason="500"')}) >= 1`,
    ...{ for: "5m", severity: "warning" },
    says: "Queries end without an answer",
  },
  {
    name: "DatagramsLost",
    expr: `sum by (instance, protocol, reason) (${increase("skua_lost_datagrams", "5m")}) > 0`,
    ...{ for: "0m", severity: "warning" },
    says: "Datagrams of {{ $labels.protocol }} Thrift are lost: {{ $labels.reason }}",
  },
  {
    name: "ServiceErrors",
    expr: `${series("skua_service_error_rate")} >= on (instance, tenant, service) ${series("skua_alert_error_rate")}`,
    ...{ for: "1m", severity: "critical" },
    says: "{{ $value | humanizePercentage }} of the calls to {{ $labels.service }} fail",
  },
  {
    name: "ServiceSlow",
    expr: `${series("skua_service_p95")} >= on (instance, tenant, service) ${series("skua_alert_p95")}`,
    ...{ for: "1m", severity: "critical" },
    says: "One call to {{ $labels.service }} in twenty takes {{ $value | humanizeDuration }} or longer",
  },
];

/** A file of rules. @param docs where docs/ stands: a folder, or an address that people can open */
export const rulesFile = (docs: string): object => ({
  groups: [
    {
      name: "skua",
      rules: RULES.map(({ name, expr, for: held, severity, says }) => ({
        alert: `Skua${name}`,
        expr,
        for: held,
        labels: { severity },
        annotations: { summary: says, runbook_url: `${docs}/operate.md#${name.toLowerCase()}` },
      })),
    },
  ],
});

/** What to scrape. */
export const prometheusFile = {
  rule_files: ["rules.yaml"],
  scrape_configs: [{ job_name: "skua", scrape_interval: "15s", static_configs: [{ targets: ["skua:8888"] }] }],
};
