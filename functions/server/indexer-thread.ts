import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../../lib/runtime/log.ts";
import type { Reach } from "./backends.ts";
import { startThread, type Thread } from "./thread.ts";

export interface IndexerData {
  readonly kinesis: Reach;
  readonly dynamo: Reach;
  readonly stream: string;
  readonly table: string;
  readonly retentionHours: number;
  readonly quarantine: string;
  /** Whether nobody else can read this stream: a try before ours is then surely dead. */
  readonly isAlone: boolean;
  /** Log lines as people or as programs read them. */
  readonly isTerminal: boolean;
}

/** A plan of 32 MiB takes at most half of it. */
const HEAP_MEGABYTES = 256;
/** From a thread's death to its successor; long enough that one which dies at once does not keep a core busy. */
const RESTART_MILLIS = 500;

/**
 * Keeps an indexer running. When a record kills its thread another one takes over where that one was, which is how the
 * record is found in the end and set aside.
 */
export async function keepIndexing(data: IndexerData, log: Log): Promise<{ close(waitMillis: number): Promise<void> }> {
  const start = (): Promise<Thread<unknown>> =>
    startThread({ file: new URL("./indexer-worker.ts", import.meta.url), data, heapMegabytes: HEAP_MEGABYTES });
  let thread = await start();
  let isClosing = false;
  const watched = watch();

  async function watch(): Promise<void> {
    while (!isClosing) {
      const fault = await thread.ended;
      if (isClosing) return;
      log.error("the indexer ended; starting it again", { error: fault });
      await pause(RESTART_MILLIS);
      thread = await start().catch((error: Error) => ({ ...thread, ended: Promise.resolve(error) }));
    }
  }

  return {
    async close(waitMillis) {
      isClosing = true;
      await thread.close(waitMillis);
      await watched;
      // One that was just being started when the first was told to end.
      await thread.close(waitMillis);
    },
  };
}
