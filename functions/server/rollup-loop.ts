import { type MergeTask, rollUp } from "../../lib/pipeline/rollup/roll-up.ts";
import type { Log } from "../../lib/runtime/log.ts";
import type { Exposition } from "../../lib/runtime/prometheus.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredWrites } from "../../lib/store/measured-items.ts";
import type { Reach } from "./backends.ts";
import { mergeQueue } from "./merge-queue.ts";
import type { MergeFault, MergeHello } from "./merge-tasks.ts";
import { sleep } from "./sleep.ts";
import { summedLog } from "./summed-log.ts";
import { startThread } from "./thread.ts";

export interface RollupParts {
  readonly dynamo: Reach;
  readonly isDynamoEmbedded: boolean;
  readonly table: string;
  readonly retentionHours: number;
  readonly metrics: Exposition;
  readonly log: Log;
}

/** What a thread is started for. */
export interface MergeData {
  readonly dynamo: Reach;
  readonly table: string;
  readonly retentionHours: number;
  readonly mergeMillis: number;
  readonly tasks: readonly MergeTask[];
}

export interface Rollup {
  /** Begins nothing new; waits for what is under way, so long at most. */
  stop(waitMillis: number): Promise<void>;
}

/** Whoever looks for spans right after a start need not share the machine with what is caught up. */
const FIRST_MILLIS = 5_000;

/** How long a look waits for the next one. */
interface Pauses {
  /** While plans are made: an indexer that follows steady traffic makes three a second, and 64 are worth a merge. */
  readonly busyMillis: number;
  /** While none is. */
  readonly idleMillis: number;
}

/** Every look writes how far it is. */
const PAID: Pauses = { busyMillis: 5_000, idleMillis: 30_000 };

/** Whoever looks around once a load is through finds it merged within seconds: that takes two looks, between which nothing happened. */
const FREE: Pauses = { busyMillis: 2_000, idleMillis: 10_000 };

/** Merges that one thread does: a hundred hours that were missed are caught up in steps. */
const TASKS_PER_RUN = 8;

/**
 * Heads that are worth a merge of their own once nobody sends any more: whoever looks around then asks one merged segment
 * for each trace, not all that a busy minute left. The embedded table charges nothing for it.
 */
const QUIET_HEADS = 8;

/** A plan that stays open is told again after this. */
const WAITING_LOG_MILLIS = 10 * 60_000;

/** For each task of a thread. */
const MERGE_MILLIS = 10 * 60_000;

/** A merge of 4 million spans takes half of it. */
const HEAP_MEGABYTES = 384;

/** Merges what the indexers make, and closes hours. A thread is there only as long as there is something to merge. */
export function keepRolling({ dynamo, isDynamoEmbedded, table, retentionHours, metrics, log }: RollupParts): Rollup {
  const client = dynamoClient(dynamo);
  const measure = metrics.measureOf("rollup");
  const merges = { measure: metrics.measureOf("merge"), take: metrics.samplesOf("merge") };
  const registers = measuredWrites(dynamoItems(client, table), measure);
  const [clock, random] = [Date.now, Math.random];
  const queue = mergeQueue({
    clock,
    merge,
    onFault({ reason, merges: tasks }, millis) {
      merges.measure("skua_failures", tasks.length);
      const hours = tasks.map(({ tenant, hour }) => `${tenant} ${hour}`);
      log.warn("merges failed; will try again", { reason, hours, inSeconds: millis / 1000 });
    },
  });
  const run = rollUp({
    ...{ registers, clock, retentionHours },
    batches: itemBatches({ items: registers, clock, random, sleep }),
    mergeMillis: MERGE_MILLIS,
    tasksPerRun: TASKS_PER_RUN,
    ...(isDynamoEmbedded ? { quietHeads: QUIET_HEADS } : {}),
    dispatch: async (task) => {
      queue.add(task);
    },
  });

  async function merge(tasks: readonly MergeTask[]): Promise<readonly MergeFault[]> {
    const data: MergeData = { dynamo, table, retentionHours, mergeMillis: MERGE_MILLIS, tasks };
    const file = new URL("./merge-worker.ts", import.meta.url);
    const { hello, close } = await startThread<MergeHello>({
      ...{ file, data, heapMegabytes: HEAP_MEGABYTES },
      taskMillis: MERGE_MILLIS,
    });
    const { faults, measured, ...done } = hello;
    merges.take(measured);
    // What goes on all the time is no news.
    if (done.closed > 0) log.info("closed hours", { ...done });
    await close(0);
    return faults;
  }

  const waiting = summedLog(log, WAITING_LOG_MILLIS);
  const { busyMillis, idleMillis } = isDynamoEmbedded ? FREE : PAID;
  /** How long nothing need be done. */
  async function turn(): Promise<number> {
    try {
      const { isIdle, isBehind, waitsFor } = await run();
      for (const shard of waitsFor)
        waiting.tell({
          level: "warn",
          message: "merging waits for a plan that is open",
          by: { shard },
          counts: { looks: 1 },
        });
      await queue.run();
      return isBehind ? 0 : Math.min(isIdle ? idleMillis : busyMillis, queue.dueMillis());
    } catch (error) {
      measure("skua_failures", 1);
      log.warn("merging failed; will try again", { error });
      return busyMillis;
    }
  }

  const stopping = new AbortController();
  const { signal } = stopping;
  async function turns(): Promise<void> {
    for (let pause = FIRST_MILLIS; ; pause = await turn()) {
      await sleep(pause, signal);
      if (signal.aborted) return;
    }
  }
  const running = turns();

  return {
    async stop(waitMillis) {
      stopping.abort();
      await Promise.race([running, sleep(waitMillis)]);
      waiting.close();
      client.destroy();
    },
  };
}
