import { type StreamingRuntime, streamingHandler } from "../../lib/http/lambda.ts";
import { queryApp } from "../../lib/http/query.ts";
import { queryEnv } from "../../lib/runtime/env.ts";
import { attributeReader } from "../../lib/store/attributes/read.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { nameReader } from "../../lib/store/names.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { clock, onFault, openAccess, random, sleep } from "../lambda.ts";

declare global {
  /** Lambda's own, where it is Lambda. */
  var awslambda: Partial<StreamingRuntime> | undefined;
}

const env = queryEnv(process.env);
const batches = itemBatches({ items: dynamoItems(dynamoClient(), env.TABLE_NAME), clock, random, sleep });
const store = {
  ...traceReader({ batches, clock, retentionHours: env.RETENTION_HOURS }),
  ...nameReader({ batches, clock }),
  ...attributeReader({ batches, clock }),
  ...dependencyReader({ batches, clock, random, retentionHours: env.RETENTION_HOURS }),
};

export const handler = streamingHandler(
  queryApp({ store, clock, tenantOf: openAccess(env.ACCESS_SECRET).tenantOf("query"), onFault }),
  globalThis.awslambda,
);
