import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import { meterOf } from "../../lib/runtime/metrics.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredWrites } from "../../lib/store/measured-items.ts";
import { type MergeHello, mergeTasks } from "./merge-tasks.ts";
import type { MergeData } from "./rollup-loop.ts";
import { sleep } from "./sleep.ts";
import { beginTask } from "./tasks.ts";
import { serveThread } from "./thread.ts";

/** Says hello when all merges are done: it lives for them alone. */
await serveThread<MergeData>(async ({ dynamo, table, retentionHours, mergeMillis, tasks }) => {
  const client = dynamoClient(dynamo);
  const meter = meterOf("merge");
  const registers = measuredWrites(dynamoItems(client, table), meter.measure);
  const [clock, random] = [Date.now, Math.random];
  const batches = itemBatches({ items: registers, clock, random, sleep });
  const options = { batches, registers, clock, random, retentionHours, mergeMillis };
  const merged = await mergeTasks(tasks, async (task) => {
    const end = beginTask();
    try {
      return await mergeHour(task, options);
    } finally {
      end();
    }
  });
  const hello: MergeHello = { ...merged, measured: meter.take() };
  client.destroy();
  return { hello, close: async () => {} };
});
