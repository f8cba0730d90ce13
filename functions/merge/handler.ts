import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import type { MergeTask } from "../../lib/pipeline/rollup/roll-up.ts";
import { mergeEnv } from "../../lib/runtime/env.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { clock, log, random, sleep } from "../lambda.ts";

const env = mergeEnv(process.env);
const registers = dynamoItems(dynamoClient(), env.TABLE_NAME);
const batches = itemBatches({ items: registers, clock, random, sleep });

/** Only rollup may call it. */
export async function handler(task: MergeTask): Promise<void> {
  const mergeMillis = env.TIMEOUT_SECONDS * 1000;
  const done = await mergeHour(task, {
    ...{ batches, registers, clock, random, mergeMillis },
    retentionHours: env.RETENTION_HOURS,
  });
  log.info("merged", { ...task, ...done });
}
