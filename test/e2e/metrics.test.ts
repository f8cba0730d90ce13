import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grafanaFiles } from "../../infra/grafana/files.ts";
import { RULES } from "../../infra/grafana/rules.ts";
import { countedAfter } from "../../lib/pipeline/watch-services.ts";
import { MAX_ATTRIBUTES } from "../../lib/runtime/limits.ts";
import { METRICS, type MetricName } from "../../lib/runtime/metrics.ts";
import { seriesName } from "../../lib/runtime/prometheus.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { type Asked, askedBy } from "../support/asked-series.ts";
import { exportRequest, newSpanId, newTraceId, post, until } from "../support/otlp.ts";
import { type Series, seriesIn } from "../support/prometheus-text.ts";
import { ANY_PORTS, runServer, type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

const { TracesData } = opentelemetry.proto.trace.v1;
const HOUR_MILLIS = 3_600_000;
const folder = temporaryFolder();
const alerts = join(folder.path, "alerts.json");
let server: SkuaServer;

const aSpan = (startMillis = Date.now()) => ({
  ...{ traceId: newTraceId(), spanId: newSpanId(), name: "work", startMillis },
});

const scrape = async (): Promise<Series[]> => seriesIn(await (await fetch(`${server.metrics}/metrics`)).text());

const valueIn = (all: readonly Series[], name: string, labels: Readonly<Record<string, string>>): number | undefined =>
  all.find((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    ?.value;

/** Waits until the series is as it should be. */
const untilIs = (name: string, labels: Readonly<Record<string, string>>, is: (value: number) => boolean) =>
  until(
    async () => {
      const value = valueIn(await scrape(), name, labels);
      return value !== undefined && is(value) ? value : undefined;
    },
    `${name} ${JSON.stringify(labels)}`,
  );

beforeAll(async () => {
  writeFileSync(alerts, JSON.stringify([{ service: "shop", errorRate: 0.5, p95Ms: 100 }]));
  server = await startServer({
    data: join(folder.path, "data"),
    flags: ["--foreign-stream", "collectors", "--alerts", alerts],
  });
}, 60_000);

afterAll(async () => {
  await server.stop();
  folder.remove();
});

/** A span that the foreign stream brings though its time is over, and a record of our own stream that is none. */
async function putOthers(): Promise<void> {
  const start = `${Date.now() - 200 * HOUR_MILLIS}000000`;
  const ids = { traceId: Buffer.from(newTraceId(), "hex"), spanId: Buffer.from(newSpanId(), "hex") };
  const spans = [{ ...ids, name: "late", startTimeUnixNano: start, endTimeUnixNano: start }];
  const client = new KinesisClient({
    endpoint: String(server.lines.find(({ msg }) => msg === "ready")?.kinesis),
    ...{ region: "us-east-1", credentials: { accessKeyId: "anybody", secretAccessKey: "at all" } },
    requestHandler: new NodeHttpHandler(),
  });
  const Data = TracesData.encode(TracesData.fromObject({ resourceSpans: [{ scopeSpans: [{ spans }] }] })).finish();
  await client.send(new PutRecordCommand({ StreamName: "collectors", Data, PartitionKey: "a" }));
  const none = Buffer.from("no record");
  await client.send(new PutRecordCommand({ StreamName: "skua", Data: none, PartitionKey: "a" }));
  client.destroy();
}

async function sendDatagram(datagram: string): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((sent) => socket.send(datagram, server.udp.compact, "127.0.0.1", () => sent()));
  socket.close();
}

describe("a server that is used", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    const watched = (Math.floor((Date.now() - countedAfter(0)) / 60_000) - 0.5) * 60_000;
    const tags = Object.fromEntries(Array.from({ length: MAX_ATTRIBUTES + 1 }, (_, n) => [`tag ${n}`, "x"]));
    const spans = [{ ...aSpan(), tags }, aSpan(watched), aSpan(Date.now() - 200 * HOUR_MILLIS)];
    expect((await post(server.otlp, exportRequest("shop", spans))).status).toBe(200);
    expect((await post(server.otlp, "{")).status).toBe(400);
    expect((await fetch(`${server.query}/api/traces/1`)).status).toBe(404);
    await sendDatagram("no thrift");
    await putOthers();
  }, 60_000);

  const door = { receiver: "otlp", transport: "http" };
  test.each<[string, Readonly<Record<string, string>>, number]>([
    ["otelcol_receiver_accepted_spans_total", door, 2],
    ["otelcol_receiver_refused_spans_total", { ...door, reason: "unacceptable" }, 1],
    ["skua_refused_requests_total", { function: "ingest", reason: "400" }, 1],
    ["skua_refused_requests_total", { function: "query", reason: "404" }, 1],
    ["skua_lost_datagrams_total", { protocol: "compact", reason: "malformed" }, 1],
    ["skua_truncated_spans_total", door, 1],
    ["skua_indexed_records_total", { stream: "collectors" }, 1],
    ["skua_dropped_spans_total", { stream: "collectors", reason: "refused" }, 1],
    ["skua_query_latency_seconds_count", {}, 1],
    ["skua_quarantined_records_total", { stream: "skua" }, 1],
    ["skua_quarantined_records_total", { stream: "collectors" }, 0],
    ["skua_alert_error_rate", { tenant: "default", service: "shop" }, 0.5],
    ["skua_alert_p95_seconds", { tenant: "default", service: "shop" }, 0.1],
  ])("counts it: %s %j is %d", async (name, labels, expected) => {
    await untilIs(name, labels, (value) => value === expected);
  });

  test("counts what it writes and reads, and itself", async () => {
    await untilIs("skua_indexed_records_total", { stream: "skua" }, (records) => records >= 2);
    await untilIs("skua_index_lag_seconds_count", { stream: "skua" }, (reads) => reads >= 1);
    await untilIs("skua_write_units_total", { function: "indexer", stream: "skua" }, (units) => units > 0);
    await fetch(`${server.query}/api/services`);
    await untilIs("skua_query_read_bytes_total", {}, (bytes) => bytes > 0);
    await untilIs("otelcol_process_memory_rss_bytes", {}, (bytes) => bytes > 1e7);
    await untilIs("otelcol_process_cpu_seconds_total", {}, (seconds) => seconds > 0.1);
  });

  test("shows how a watched service did", async () => {
    const shop = { tenant: "default", service: "shop" };
    // The minute may be over by the time that it is looked at.
    await untilIs("skua_service_calls", shop, (calls) => calls >= 0);
    await untilIs("skua_service_error_rate", shop, (rate) => rate === 0 || Number.isNaN(rate));
  });

  test("emits all that rules and panels ask for, under the labels that they name, and shows all that it emits", async () => {
    const emitted = new Map<string, Set<string>>();
    for (const { name, labels } of await scrape()) {
      const own = emitted.get(name) ?? new Set(["instance", "job"]);
      for (const label of Object.keys(labels)) own.add(label);
      emitted.set(name, own);
    }
    const dashboard = JSON.parse(grafanaFiles("docs").get("dashboards/server.json") ?? "");
    const all: Asked[] = [
      ...RULES.map(({ expr, says }) => askedBy(expr, says)),
      ...dashboard.panels.flatMap(({ targets }: { targets: { expr: string; legendFormat: string }[] }) =>
        targets.map(({ expr, legendFormat }) => askedBy(expr, legendFormat)),
      ),
    ];
    for (const { series, grouped, shown } of all)
      for (const { name, labels } of series) {
        const known = emitted.get(name);
        expect(known, name).toBeDefined();
        for (const label of [...labels, ...grouped, ...shown]) expect([...(known ?? [])], name).toContain(label);
      }
    const asked = new Set(all.flatMap(({ series }) => series.map(({ name }) => name.replace(/_bucket$/, ""))));
    const names = (Object.keys(METRICS) as MetricName[]).map(seriesName);
    expect(names.filter((name) => !asked.has(name))).toEqual([]);
    const bases = [...emitted.keys()].map((name) => name.replace(/(?<=_seconds)_(bucket|sum|count)$/, ""));
    expect([...new Set(bases)].toSorted()).toEqual(names.toSorted());
  });

  test("has no label that grows with what is sent: tenants and services only where an alert names them", async () => {
    const body = exportRequest("a service of thousands", [aSpan()]);
    expect((await post(server.otlp, body)).status).toBe(200);
    await untilIs("skua_indexed_records_total", { stream: "skua" }, (records) => records >= 3);
    for (const { name, labels } of await scrape()) {
      const { tenant = "default", service = "shop", le: _, ...others } = labels;
      expect([tenant, service], name).toEqual(["default", "shop"]);
      if ("service" in labels) expect(name).toMatch(/^skua_(service|alert)_/);
      const known = ["function", "receiver", "transport", "reason", "stream", "protocol"];
      if (!("service" in labels)) expect(known, name).toEqual(expect.arrayContaining(Object.keys(others)));
    }
  });

  test("takes another file of alerts as it comes", async () => {
    writeFileSync(alerts, JSON.stringify([{ service: "cart", p95Ms: 250 }]));
    await untilIs("skua_alert_p95_seconds", { service: "cart" }, (seconds) => seconds === 0.25);
    await until(
      async () => ((await scrape()).some(({ labels }) => labels.service === "shop") ? undefined : true),
      "nothing of the service that is watched no more",
    );
  });

  test("does not begin with alerts that are wrong", async () => {
    const file = join(folder.path, "wrong.json");
    writeFileSync(file, JSON.stringify([{ service: "cart", errorRate: 5 }]));
    const { code, stderr } = await runServer([...ANY_PORTS, "--data", join(folder.path, "other"), "--alerts", file]);
    expect([code, stderr.trim()]).toEqual([2, `skua: ${file}.0.errorRate: expected a number above 0, 1 at most`]);
  });

  test("answers what asks for metrics, and nothing else", async () => {
    const answer = await fetch(`${server.metrics}/metrics`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    const statuses = [
      await fetch(`${server.metrics}/`),
      await fetch(`${server.metrics}/metrics`, { method: "POST" }),
      await fetch(`${server.metrics}/metrics`, { method: "HEAD" }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([404, 405, 200]);
  });
});
