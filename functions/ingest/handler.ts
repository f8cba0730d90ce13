import { readFileSync } from "node:fs";
import { ingestApp } from "../../lib/http/ingest.ts";
import { bufferedHandler } from "../../lib/http/lambda.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import { ingestEnv } from "../../lib/runtime/env.ts";
import { tenantRates } from "../../lib/runtime/rates.ts";
import { KEEP_ALL_FILE, readStrategies } from "../../lib/sampling/strategies.ts";
import { kinesisPutClient, kinesisWriter } from "../../lib/stream/kinesis.ts";
import { clock, onFault, openAccess, random, sleep } from "../lambda.ts";

const env = ingestEnv(process.env);
const access = openAccess(env.ACCESS_SECRET);
const take = ingest({
  stream: kinesisWriter(kinesisPutClient(), env.STREAM_NAME),
  retentionHours: env.RETENTION_HOURS,
  clock,
  random,
  sleep,
  takeRate: tenantRates(access.rateOf, clock),
});

/** As it was when the function was deployed. */
const file =
  env.STRATEGIES_FILE === undefined
    ? KEEP_ALL_FILE
    : readFileSync(new URL(env.STRATEGIES_FILE, import.meta.url), "utf8");
const strategies = readStrategies(file, env.STRATEGIES_FILE ?? "");

export const handler = bufferedHandler(
  ingestApp({
    ingest: take,
    tenantOf: access.tenantOf("ingest"),
    onFault,
    corsOrigins: env.CORS_ORIGINS,
    strategies: () => strategies,
    strategiesFile: () => file,
  }),
);
