import { readFileSync } from "node:fs";
import { ingestApp } from "../../lib/http/ingest.ts";
import { bufferedHandler } from "../../lib/http/lambda.ts";
import { measuredApp } from "../../lib/http/measured-app.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import { measuredIngest } from "../../lib/pipeline/measured-ingest.ts";
import { ingestEnv } from "../../lib/runtime/env.ts";
import { meterOf } from "../../lib/runtime/metrics.ts";
import { tenantRates } from "../../lib/runtime/rates.ts";
import { KEEP_ALL_FILE, readStrategies } from "../../lib/sampling/strategies.ts";
import { kinesisPutClient, kinesisWriter } from "../../lib/stream/kinesis.ts";
import { measuredWriter } from "../../lib/stream/measured-writer.ts";
import { clock, onFault, openAccess, random, sleep, writeMetrics } from "../lambda.ts";

const env = ingestEnv(process.env);
const access = openAccess(env.ACCESS_SECRET);
const meter = meterOf("ingest");
const { measure } = meter;
const take = ingest({
  stream: measuredWriter(kinesisWriter(kinesisPutClient(), env.STREAM_NAME), measure),
  retentionHours: env.RETENTION_HOURS,
  clock,
  random,
  sleep,
  takeRate: tenantRates(access.rateOf, clock),
  limitsOf: access.rateOf,
});

/** As it was when the function was deployed. */
const file =
  env.STRATEGIES_FILE === undefined
    ? KEEP_ALL_FILE
    : readFileSync(new URL(env.STRATEGIES_FILE, import.meta.url), "utf8");
const strategies = readStrategies(file, env.STRATEGIES_FILE ?? "");

const app = ingestApp({
  ingest: measuredIngest(take, measure),
  tenantOf: access.tenantOf("ingest"),
  onFault,
  onRefused: (status) => measure("skua_refused_requests", 1, { reason: String(status) }),
  corsOrigins: env.CORS_ORIGINS,
  strategies: () => strategies,
  strategiesFile: () => file,
});

export const handler = bufferedHandler(measuredApp({ app, measure, onEnd: () => writeMetrics(meter), clock }));
