import { rollUp } from "../../lib/pipeline/rollup/roll-up.ts";
import { countedAfter, watchServices } from "../../lib/pipeline/watch-services.ts";
import { rollupEnv } from "../../lib/runtime/env.ts";
import { callLater, lambdaClient } from "../../lib/runtime/invoke.ts";
import { meterOf } from "../../lib/runtime/metrics.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredWrites } from "../../lib/store/measured-items.ts";
import { clock, log, measured, random, sleep, writeSamples } from "../lambda.ts";

/** Called every minute: what is behind by more than this goes on the next time. */
const CATCH_UP_MILLIS = 40_000;

/** Merges are functions' calls of their own: this bounds how many run at once. */
const TASKS_PER_RUN = 50;

/** A call that was taken may begin a while later. */
const SPARE_MILLIS = 60_000;

const env = rollupEnv(process.env);
const meter = meterOf("rollup");
const registers = measuredWrites(dynamoItems(dynamoClient(), env.TABLE_NAME), meter.measure);
const batches = itemBatches({ items: registers, clock, random, sleep });
const run = rollUp({
  batches,
  registers,
  clock,
  retentionHours: env.RETENTION_HOURS,
  mergeMillis: env.MERGE_SECONDS * 1000 + SPARE_MILLIS,
  tasksPerRun: TASKS_PER_RUN,
  dispatch: callLater(lambdaClient(), env.MERGE_FUNCTION),
});

const watch = watchServices({ batches, clock, countedMillis: countedAfter(env.BATCH_WINDOW_SECONDS * 1000) });

/** Kept for the life of the process, `run` knows what has changed since the last time. */
async function catchUp(): Promise<void> {
  const end = clock() + CATCH_UP_MILLIS;
  for (;;) {
    const { tasks, isBehind, waitsFor } = await run();
    if (tasks > 0) log.info("merges begun", { tasks });
    if (isBehind && clock() <= end) continue;
    if (waitsFor.length > 0) log.warn("merging waits for plans that are open", { shards: waitsFor });
    return;
  }
}

/** Stamped with their minute, which need not be the one in which this runs. */
async function measureServices(): Promise<void> {
  for await (const { startMillis, samples } of watch(env.ALERTS)) {
    const known = samples.filter(({ values }) => !values.some(Number.isNaN));
    writeSamples(known, startMillis);
  }
}

/** Neither keeps the other from being done. */
export const handler = measured(meter, async () => {
  for (const done of await Promise.allSettled([catchUp(), measureServices()]))
    if (done.status === "rejected") throw done.reason;
});
