import { type MergedHour, mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import type { MergeData, MergeHello } from "./rollup-loop.ts";
import { sleep } from "./sleep.ts";
import { serveThread } from "./thread.ts";

/** Says hello when all merges are done: it lives for them alone. */
await serveThread<MergeData>(async ({ dynamo, table, retentionHours, mergeMillis, tasks }) => {
  const client = dynamoClient(dynamo);
  const registers = dynamoItems(client, table);
  const [clock, random] = [Date.now, Math.random];
  const batches = itemBatches({ items: registers, clock, random, sleep });
  const merged: MergedHour[] = [];
  for (const task of tasks)
    merged.push(await mergeHour(task, { batches, registers, clock, random, retentionHours, mergeMillis }));
  client.destroy();
  return {
    hello: {
      merges: merged.reduce((sum, one) => sum + one.merges, 0),
      spans: merged.reduce((sum, one) => sum + one.spans, 0),
      closed: merged.filter(({ isClosed }) => isClosed).length,
    } satisfies MergeHello,
    close: async () => {},
  };
});
