import type { Clock } from "../../lib/model/time.ts";
import type { MergeTask } from "../../lib/pipeline/rollup/roll-up.ts";
import type { MergeFault } from "./merge-tasks.ts";
import { reasonOf } from "./reason.ts";

export interface MergeQueueOptions {
  readonly clock: Clock;
  /** Does one after the other in a thread of its own and tells which failed; throws when the thread died. */
  readonly merge: (tasks: readonly MergeTask[]) => Promise<readonly MergeFault[]>;
  /** Told once a fault, in how many milliseconds the merges are tried again. */
  readonly onFault: (fault: { readonly reason: string; readonly merges: readonly MergeTask[] }, millis: number) => void;
}

/** Merges that are to be done. */
export interface MergeQueue {
  /** In place, and in the time, of one of the same hour that waits to be tried again. */
  add(task: MergeTask): void;
  /** Does what is due. */
  run(): Promise<void>;
  /** Until something is due, milliseconds; infinite when nothing waits. */
  dueMillis(): number;
}

interface Waiting {
  readonly task: MergeTask;
  readonly tries: number;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
}

const FIRST_PAUSE_MILLIS = 2_000;
const MAX_PAUSE_MILLIS = 5 * 60_000;

const pauseMillis = (tries: number): number => Math.min(MAX_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** (tries - 1));

const keyOf = ({ tenant, hour, late }: MergeTask): string => JSON.stringify([tenant, hour, late]);

/**
 * What is new is done in one thread. What failed, or was in a thread that died, is tried again after a while that doubles,
 * each in a thread of its own: so one that is too much for a thread takes no other with it.
 */
export function mergeQueue({ clock, merge, onFault }: MergeQueueOptions): MergeQueue {
  const waiting = new Map<string, Waiting>();

  function again(failed: readonly Waiting[], reason: string): void {
    const tries = Math.max(...failed.map((one) => one.tries)) + 1;
    const millis = pauseMillis(tries);
    for (const { task } of failed) waiting.set(keyOf(task), { task, tries, dueAt: clock() + millis });
    onFault({ reason, merges: failed.map(({ task }) => task) }, millis);
  }

  async function runTogether(some: readonly Waiting[]): Promise<void> {
    if (some.length === 0) return;
    try {
      const faults = await merge(some.map(({ task }) => task));
      for (const { index, reason } of faults) again(some.slice(index, index + 1), reason);
    } catch (fault) {
      again(some, reasonOf(fault));
    }
  }

  return {
    add(task) {
      waiting.set(keyOf(task), { tries: 0, dueAt: 0, ...waiting.get(keyOf(task)), task });
    },
    async run() {
      const due = [...waiting.values()].filter(({ dueAt }) => dueAt <= clock());
      for (const { task } of due) waiting.delete(keyOf(task));
      await runTogether(due.filter(({ tries }) => tries === 0));
      for (const one of due) if (one.tries > 0) await runTogether([one]);
    },
    dueMillis: () => Math.max(0, Math.min(...[...waiting.values()].map(({ dueAt }) => dueAt)) - clock()),
  };
}
