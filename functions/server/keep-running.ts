import { setTimeout as pause } from "node:timers/promises";
import type { Thread } from "./thread.ts";

/** From a thread's death to its successor; long enough that one which dies at once does not keep a core busy. */
const RESTART_MILLIS = 500;

export interface Kept {
  close(waitMillis: number): Promise<void>;
}

/**
 * Keeps a thread running: whenever it ends by itself, another takes its place. Rejects when the very first cannot start.
 *
 * @param onEnd told why, each time
 */
export async function keepRunning(
  start: () => Promise<Thread<unknown>>,
  onEnd: (fault: unknown) => void,
): Promise<Kept> {
  let thread: Thread<unknown> | undefined = await start();
  let isClosing = false;
  const watched = watch();

  async function watch(): Promise<void> {
    while (!isClosing) {
      const fault = await thread?.ended;
      if (isClosing) return;
      if (thread !== undefined) onEnd(fault);
      await pause(RESTART_MILLIS);
      thread = await start().catch((error: unknown) => {
        onEnd(error);
        return undefined;
      });
    }
  }

  return {
    async close(waitMillis) {
      isClosing = true;
      await thread?.close(waitMillis);
      await watched;
      // One that was only being started when this was called.
      await thread?.close(waitMillis);
    },
  };
}
