import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import type { MergeTask } from "../../lib/pipeline/rollup/roll-up.ts";
import { mergeEnv } from "../../lib/runtime/env.ts";
import { meterOf } from "../../lib/runtime/metrics.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredWrites } from "../../lib/store/measured-items.ts";
import { clock, log, measured, random, sleep } from "../lambda.ts";

const env = mergeEnv(process.env);
const meter = meterOf("merge");
const registers = measuredWrites(dynamoItems(dynamoClient(), env.TABLE_NAME), meter.measure);
const batches = itemBatches({ items: registers, clock, random, sleep });

/** Only rollup may call it. */
export const handler = measured(meter, async (task: MergeTask) => {
  const mergeMillis = env.TIMEOUT_SECONDS * 1000;
  const done = await mergeHour(task, {
    ...{ batches, registers, clock, random, mergeMillis },
    retentionHours: env.RETENTION_HOURS,
  });
  log.info("merged", { ...task, ...done });
});
