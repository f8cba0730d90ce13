import { type StreamingRuntime, streamingHandler } from "../../lib/http/lambda.ts";
import { measuredApp } from "../../lib/http/measured-app.ts";
import { queryApp } from "../../lib/http/query.ts";
import { queryEnv } from "../../lib/runtime/env.ts";
import { meterOf } from "../../lib/runtime/metrics.ts";
import { attributeReader } from "../../lib/store/attributes/read.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredReads } from "../../lib/store/measured-items.ts";
import { nameReader } from "../../lib/store/names.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { clock, onFault, openAccess, random, sleep, writeMetrics } from "../lambda.ts";

declare global {
  /** Lambda's own, where it is Lambda. */
  var awslambda: Partial<StreamingRuntime> | undefined;
}

const env = queryEnv(process.env);
const meter = meterOf("query");
const { measure } = meter;
const items = measuredReads(dynamoItems(dynamoClient(), env.TABLE_NAME), measure);
const batches = itemBatches({ items, clock, random, sleep });
const store = {
  ...traceReader({ batches, clock, retentionHours: env.RETENTION_HOURS }),
  ...nameReader({ batches, clock }),
  ...attributeReader({ batches, clock }),
  ...dependencyReader({ batches, clock, random, retentionHours: env.RETENTION_HOURS }),
};

const app = queryApp({ store, clock, tenantOf: openAccess(env.ACCESS_SECRET).tenantOf("query"), onFault });

function onEnd(millis: number): void {
  measure("skua_query_latency", millis);
  writeMetrics(meter);
}

export const handler = streamingHandler(measuredApp({ app, measure, onEnd, clock }), globalThis.awslambda);
