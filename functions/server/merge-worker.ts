import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { type MergedTasks, mergeTasks } from "./merge-tasks.ts";
import type { MergeData } from "./rollup-loop.ts";
import { sleep } from "./sleep.ts";
import { serveThread } from "./thread.ts";

/** Says hello when all merges are done: it lives for them alone. */
await serveThread<MergeData>(async ({ dynamo, table, retentionHours, mergeMillis, tasks }) => {
  const client = dynamoClient(dynamo);
  const registers = dynamoItems(client, table);
  const [clock, random] = [Date.now, Math.random];
  const batches = itemBatches({ items: registers, clock, random, sleep });
  const options = { batches, registers, clock, random, retentionHours, mergeMillis };
  const hello: MergedTasks = await mergeTasks(tasks, (task) => mergeHour(task, options));
  client.destroy();
  return { hello, close: async () => {} };
});
