import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { countedAfter } from "../../lib/pipeline/watch-services.ts";
import { METRICS, METRICS_OF, type Measured } from "../../lib/runtime/metrics.ts";
import { dynamoClient } from "../../lib/store/dynamo.ts";
import { tableSchema } from "../../lib/store/table.ts";
import { kinesisReader } from "../../lib/stream/kinesis.ts";
import { encodeRecord } from "../../lib/stream/record.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { type Emulator, openKinesalite } from "../support/kinesalite.ts";
import { exportRequest, newSpanId, newTraceId } from "../support/otlp.ts";

const { TracesData } = opentelemetry.proto.trace.v1;
const HOUR_MILLIS = 3_600_000;
const SHARD = "shardId-000000000000";
let kinesis: Emulator;
let table: Server;
/** S3 and Lambda, as far as they have to say yes. */
let agreeing: Server;

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** The functions as they are deployed, with emulators behind them. */
beforeAll(async () => {
  kinesis = await openKinesalite();
  await kinesis.createStream("spans", 1);
  agreeing = createServer((request, response) => request.resume().once("end", () => response.writeHead(202).end()));
  table = dynalite({ path: "", createTableMs: 0 });
  for (const server of [agreeing, table]) await once(server.listen(0, "127.0.0.1"), "listening");
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = dynamoClient({ endpoint: urlOf(table), region: "us-east-1", credentials });
  await client.send(new CreateTableCommand({ TableName: "spans", ...tableSchema() }));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { TableName: "spans" });
  client.destroy();
  const environment = {
    ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...{ AWS_ENDPOINT_URL_DYNAMODB: urlOf(table), AWS_ENDPOINT_URL_KINESIS: kinesis.url },
    ...{ AWS_ENDPOINT_URL_S3: urlOf(agreeing), AWS_ENDPOINT_URL_LAMBDA: urlOf(agreeing) },
    ...{ STREAM_NAME: "spans", TABLE_NAME: "spans", QUARANTINE_BUCKET: "quarantine", RETENTION_HOURS: "168" },
    ...{ TIMEOUT_SECONDS: "120", MERGE_FUNCTION: "merge", MERGE_SECONDS: "300", BATCH_WINDOW_SECONDS: "5" },
    ALERTS: JSON.stringify([{ service: "shop", errorRate: 0.5, p95Ms: 100 }]),
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await kinesis.close();
  for (const server of [agreeing, table]) server.close();
});

type Line = Readonly<Record<string, unknown>>;

/** The lines of metrics that a function writes while it is called. */
async function linesOf(name: Measured, call: () => Promise<unknown>): Promise<Line[]> {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", `Skua-${name}`);
  const written: string[] = [];
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await call();
  } finally {
    stdout.mockRestore();
  }
  const lines = written.map((line): Line => JSON.parse(line)).filter((line) => "_aws" in line);
  for (const line of lines) expect(line.function).toBe(`Skua-${name}`);
  return lines;
}

/** What CloudWatch makes of them, as the embedded metric format says: name and reason, unit, value. */
function metricsIn(lines: readonly Line[]): Record<string, [unit: unknown, value: unknown]> {
  const all = lines.flatMap((line) => {
    const { Timestamp, CloudWatchMetrics } = Object(line._aws);
    expect(Math.abs(Date.now() - Timestamp)).toBeLessThan(5 * 60_000);
    const [{ Namespace, Dimensions, Metrics }] = CloudWatchMetrics;
    expect([Namespace, Dimensions.length]).toEqual(["Skua", 1]);
    const [first, ...more] = Dimensions[0];
    expect(first).toBe("function");
    // Nothing that grows with traffic is a dimension.
    expect(["", "reason", "tenant,service"]).toContain(more.join());
    return Metrics.map(({ Name, Unit }: { Name: string; Unit: string }) => [
      [Name, ...more.map((name: string) => line[name])].join(" "),
      [Unit, line[Name]],
    ]);
  });
  return Object.fromEntries(all);
}

const url = (method: string, rawPath: string, body?: string) => ({
  ...{ rawPath, rawQueryString: "", headers: { "content-type": "application/json" }, isBase64Encoded: false },
  requestContext: { domainName: "x.lambda-url.us-east-1.on.aws", http: { method } },
  ...(body === undefined ? {} : { body }),
});

const aSpan = (startMillis: number) => ({ traceId: newTraceId(), spanId: newSpanId(), name: "work", startMillis });

/** A span of ours that was received in time, and is read when its time is over. */
function lateRecord(): Uint8Array {
  const start = `${Date.now() - 200 * HOUR_MILLIS}000000`;
  const ids = { traceId: Buffer.from(newTraceId(), "hex"), spanId: Buffer.from(newSpanId(), "hex") };
  const spans = [{ ...ids, name: "late", startTimeUnixNano: start, endTimeUnixNano: start }];
  const traces = TracesData.encode(TracesData.fromObject({ resourceSpans: [{ scopeSpans: [{ spans }] }] })).finish();
  return encodeRecord({ tenant: "default", receivedNanos: BigInt(Date.now()) * 1_000_000n, traces });
}

/** Names, with what each is told apart by, as a panel asks for them. */
const shapeOf = (metric: string, by: readonly string[]): string =>
  [metric, ...by.map((label) => (label === "service" ? "shop" : label === "tenant" ? "default" : "*"))].join(" ");

/**
 * Every name that the function may be asked for stands in its lines, with the unit that it has, as a whole and for what it is
 * told apart by; and nothing else does.
 */
function expectAllOf(name: Measured, found: ReturnType<typeof metricsIn>): void {
  const units = Object.fromEntries(
    Object.entries(found).map(([key, [unit]]) => [key.replace(/^(\w+) (?!default )\S+$/, "$1 *"), unit]),
  );
  const expected = METRICS_OF[name].flatMap((metric) => {
    const { type, unit, by = [] }: Definition = METRICS[metric];
    const wholes = type === "gauge" && by.length > 0 ? [] : [metric];
    const parts = by.length === 0 ? [] : [shapeOf(metric, by)];
    return [...wholes, ...parts].map((shape) => [shape, unit] as const);
  });
  expect(units, name).toEqual(Object.fromEntries(expected));
}

interface Definition {
  readonly type: string;
  readonly unit: string;
  readonly by?: readonly string[];
}

test("every function writes what alarms and panels ask of it", async () => {
  const { handler: ingest } = await import("../../functions/ingest/handler.ts");
  // In the middle of the last minute that rollup takes for counted, and of the next: one may end meanwhile.
  const watched = (Math.floor((Date.now() - countedAfter(5_000)) / 60_000) - 0.5) * 60_000;
  const spans = [aSpan(Date.now()), aSpan(watched), aSpan(watched + 60_000), aSpan(Date.now() - 200 * HOUR_MILLIS)];
  const sent = metricsIn(
    await linesOf("ingest", () => ingest(url("POST", "/v1/traces", exportRequest("shop", spans)))),
  );
  expect(sent).toMatchObject({
    otelcol_receiver_accepted_spans: ["Count", 3],
    otelcol_receiver_refused_spans: ["Count", 1],
    "otelcol_receiver_refused_spans unacceptable": ["Count", 1],
  });
  const refused = metricsIn(await linesOf("ingest", () => ingest(url("POST", "/v1/traces", "{"))));
  expect(refused).toMatchObject({ "skua_refused_requests 400": ["Count", 1], skua_refused_requests: ["Count", 1] });
  expectAllOf("ingest", { ...sent, ...refused });

  const { handler: indexer } = await import("../../functions/indexer/handler.ts");
  const reader = kinesisReader(kinesis.client, "spans");
  const page = await reader.records(await reader.iterator(SHARD, { from: "oldest" }), 100);
  const [record] = page?.records ?? [];
  const foreign = { sequenceNumber: String(BigInt(record?.sequenceNumber ?? 0) + 1n), data: Buffer.from("no record") };
  const late = { sequenceNumber: String(BigInt(foreign.sequenceNumber) + 1n), data: lateRecord() };
  const delivered = [record, { ...record, ...foreign }, { ...record, ...late }].map((each) => ({
    eventID: `${SHARD}:${each?.sequenceNumber}`,
    kinesis: {
      sequenceNumber: each?.sequenceNumber ?? "",
      data: Buffer.from(each?.data ?? []).toString("base64"),
      approximateArrivalTimestamp: (each?.arrivedMillis ?? 0) / 1000,
    },
  }));
  const indexed = metricsIn(await linesOf("indexer", () => indexer({ Records: delivered })));
  expectAllOf("indexer", indexed);
  expect(indexed).toMatchObject({
    skua_indexed_records: ["Count", 3],
    skua_quarantined_records: ["Count", 1],
    "skua_dropped_spans dropped": ["Count", 1],
  });

  const { handler: rollup } = await import("../../functions/rollup/handler.ts");
  // A minute is looked at once the counts of its plans are written.
  const skip = Math.ceil(Date.now() / 60_000) * 60_000 + 40_000 - Date.now();
  const now = Date.now;
  const ahead = vi.spyOn(Date, "now").mockImplementation(() => now() + skip);
  const minutes = await linesOf("rollup", () => rollup(undefined)).finally(() => ahead.mockRestore());
  expect(minutes.filter(({ service }) => service === "shop").length).toBe(2);
  const looked = metricsIn(minutes.filter((line) => line.skua_service_calls !== 0));
  expectAllOf("rollup", looked);
  expect(Number(looked["skua_service_calls default shop"]?.[1])).toBeGreaterThan(0);
  expect(looked["skua_service_error_rate default shop"]?.[1]).toBe(0);

  const { handler: merge } = await import("../../functions/merge/handler.ts");
  const hour = Math.floor(Date.now() / HOUR_MILLIS);
  const task = { tenant: "default", hour, mark: Date.now() + 1000, isClosing: true };
  expectAllOf("merge", metricsIn(await linesOf("merge", () => merge(task))));

  const { handler: query } = await import("../../functions/query/handler.ts");
  const asked = metricsIn(await linesOf("query", () => query(url("GET", `/api/traces/${spans[0]?.traceId}`))));
  const missed = metricsIn(await linesOf("query", () => query(url("GET", `/api/traces/${newTraceId()}`))));
  expect(missed).toMatchObject({ "skua_refused_requests 404": ["Count", 1] });
  expectAllOf("query", { ...asked, ...missed });
  expect(Number(asked.skua_query_read_bytes?.[1])).toBeGreaterThan(0);
}, 60_000);
