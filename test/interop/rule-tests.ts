/** A rule, what makes it go off, and what does not. Written by hand: nothing here is made by what is tested. */
interface RuleTest {
  readonly rule: string;
  /** Series and their values, one each 15 s (Prometheus, "Unit Testing for Rules"). */
  readonly bad: Readonly<Record<string, string>>;
  readonly good: Readonly<Record<string, string>>;
  /** When it has gone off. */
  readonly at: string;
  /** When it has not yet. */
  readonly notAt?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly says: string;
  readonly runbook: string;
}

const INSTANCE = { instance: "a:8888" };
const SERVER = { ...INSTANCE, job: "skua" };
const on = (name: string, labels: Readonly<Record<string, string>> = {}): string =>
  `${name}{${Object.entries({ ...SERVER, ...labels })
    .map(([label, value]) => `${label}="${value}"`)
    .join()}}`;

const INDEXER = { function: "indexer", stream: "skua" };
const SHOP = { function: "rollup", tenant: "default", service: "shop" };
const ads = { ...SHOP, service: "ads" };
const critical = { severity: "critical" };
const warning = { severity: "warning" };

const TESTS: readonly RuleTest[] = [
  {
    ...{ rule: "Down", at: "10m", notAt: "6m", bad: { [on("up")]: "1x20 0x40" }, good: { [on("up")]: "1x60" } },
    ...{ labels: { ...SERVER, ...critical }, says: "a:8888 does not answer", runbook: "down" },
  },
  {
    ...{ rule: "IndexerAge", at: "10m", notAt: "4m" },
    bad: { [on("skua_iterator_age_seconds", INDEXER)]: "0+15x60" },
    // Behind, but never for long.
    good: { [on("skua_iterator_age_seconds", INDEXER)]: "0 70 0 70 0 70 0x60" },
    labels: { ...INSTANCE, stream: "skua", ...critical },
    ...{ says: "Spans wait in the stream skua and cannot be found", runbook: "indexerage" },
  },
  {
    ...{ rule: "IndexerErrors", at: "10m", says: "The indexer ends again and again", runbook: "indexererrors" },
    bad: { [on("skua_failures_total", INDEXER)]: "0x4 1x4 2x4 3x60" },
    good: {
      [on("skua_failures_total", INDEXER)]: "0x4 1x60",
      [on("skua_failures_total", { function: "merge" })]: "0+1x60",
    },
    labels: { ...SERVER, ...INDEXER, ...critical },
  },
  {
    ...{ rule: "MergeErrors", at: "10m", says: "Segments are not merged", runbook: "mergeerrors" },
    bad: {
      [on("skua_failures_total", { function: "merge" })]: "0x4 1x4 2x60",
      [on("skua_failures_total", { function: "rollup" })]: "0x4 2x60",
    },
    good: { [on("skua_failures_total", { function: "merge" })]: "0x4 1x60" },
    labels: { ...INSTANCE, ...warning },
  },
  {
    ...{ rule: "IndexerQuarantine", at: "5m", runbook: "indexerquarantine" },
    bad: { [on("skua_quarantined_records_total", INDEXER)]: "0x10 1x20" },
    good: { [on("skua_quarantined_records_total", INDEXER)]: "7x30" },
    ...{ labels: { ...SERVER, ...INDEXER, ...warning }, says: "A record could not be read and was set aside" },
  },
  {
    ...{ rule: "IndexerLost", at: "5m", runbook: "indexerlost" },
    bad: { [on("skua_lost_ranges_total", INDEXER)]: "0x10 1x20" },
    good: { [on("skua_lost_ranges_total", INDEXER)]: "7x30" },
    ...{ labels: { ...SERVER, ...INDEXER, ...critical }, says: "Records left the stream before they were indexed" },
  },
  {
    ...{ rule: "Refusals", at: "15m", notAt: "4m", says: "Senders are refused", runbook: "refusals" },
    bad: {
      [on("skua_refused_requests_total", { function: "ingest", reason: "401" })]: "0+4x80",
      [on("skua_refused_requests_total", { function: "ingest", reason: "503" })]: "0+4x80",
    },
    good: {
      [on("skua_refused_requests_total", { function: "ingest", reason: "401" })]: "0+2x80",
      [on("skua_refused_requests_total", { function: "query", reason: "404" })]: "0+90x80",
    },
    labels: { ...INSTANCE, ...warning },
  },
  {
    ...{ rule: "QueryErrors", at: "15m", says: "Queries end without an answer", runbook: "queryerrors" },
    bad: { [on("skua_refused_requests_total", { function: "query", reason: "500" })]: "0+1x80" },
    good: {
      [on("skua_refused_requests_total", { function: "query", reason: "404" })]: "0+9x80",
      [on("skua_refused_requests_total", { function: "query", reason: "500" })]: "9x80",
    },
    labels: { ...INSTANCE, ...warning },
  },
  {
    ...{ rule: "DatagramsLost", at: "5m", runbook: "datagramslost" },
    bad: { [on("skua_lost_datagrams_total", { function: "udp", protocol: "compact", reason: "kernel" })]: "0x10 3x20" },
    good: { [on("skua_lost_datagrams_total", { function: "udp", protocol: "compact", reason: "kernel" })]: "3x30" },
    labels: { ...INSTANCE, protocol: "compact", reason: "kernel", ...warning },
    says: "Datagrams of compact Thrift are lost: kernel",
  },
  {
    ...{ rule: "ServiceErrors", at: "5m", notAt: "2m", runbook: "serviceerrors" },
    bad: {
      [on("skua_service_error_rate", SHOP)]: "0.01x10 0.25x20",
      [on("skua_alert_error_rate", SHOP)]: "0.05x40",
      [on("skua_service_error_rate", ads)]: "0.25x40",
      [on("skua_alert_error_rate", ads)]: "0.5x40",
    },
    good: {
      // Nobody calls it any more, and one without such a threshold.
      [on("skua_service_error_rate", SHOP)]: "0.01x10 _x30",
      [on("skua_alert_error_rate", SHOP)]: "0.05x40",
      [on("skua_service_error_rate", ads)]: "1x40",
    },
    ...{
      labels: { ...INSTANCE, tenant: "default", service: "shop", ...critical },
      says: "25% of the calls to shop fail",
    },
  },
  {
    ...{ rule: "ServiceSlow", at: "5m", notAt: "2m", runbook: "serviceslow" },
    bad: { [on("skua_service_p95_seconds", SHOP)]: "0.1x10 2x20", [on("skua_alert_p95_seconds", SHOP)]: "0.8x40" },
    good: { [on("skua_service_p95_seconds", SHOP)]: "0.79x40", [on("skua_alert_p95_seconds", SHOP)]: "0.8x40" },
    ...{
      labels: { ...INSTANCE, tenant: "default", service: "shop", ...critical },
      says: "One call to shop in twenty takes 2s or longer",
    },
  },
];

const series = (all: Readonly<Record<string, string>>) =>
  Object.entries(all).map(([name, values]) => ({ series: name, values }));

/** As promtool reads them. */
export const RULE_TESTS = {
  rule_files: ["rules.yaml"],
  evaluation_interval: "15s",
  tests: TESTS.flatMap(({ rule, bad, good, at, notAt, labels, says, runbook }) => {
    const alertname = `Skua${rule}`;
    const annotations = { summary: says, runbook_url: `docs/operate.md#${runbook}` };
    const silent = (eval_time: string) => ({ eval_time, alertname, exp_alerts: [] });
    return [
      {
        ...{ interval: "15s", input_series: series(bad) },
        alert_rule_test: [
          ...(notAt === undefined ? [] : [silent(notAt)]),
          { eval_time: at, alertname, exp_alerts: [{ exp_labels: labels, exp_annotations: annotations }] },
        ],
      },
      { interval: "15s", input_series: series(good), alert_rule_test: [silent(at)] },
    ];
  }),
};

/** Rules that are tested. */
export const TESTED_RULES: readonly string[] = TESTS.map(({ rule }) => rule);
