import { ingestApp } from "../../lib/http/ingest.ts";
import { bufferedHandler } from "../../lib/http/lambda.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import { ingestEnv } from "../../lib/runtime/env.ts";
import { kinesisPutClient, kinesisWriter } from "../../lib/stream/kinesis.ts";
import { access, clock, onFault, random, sleep } from "../lambda.ts";

const env = ingestEnv(process.env);
const take = ingest({
  stream: kinesisWriter(kinesisPutClient(), env.STREAM_NAME),
  retentionHours: env.RETENTION_HOURS,
  clock,
  random,
  sleep,
});

export const handler = bufferedHandler(
  ingestApp({ ingest: take, tenantOf: access(env.ACCESS_SECRET)("ingest"), onFault, corsOrigins: [] }),
);
