import type { MergedHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import type { MergeTask } from "../../lib/pipeline/rollup/roll-up.ts";
import type { Sample } from "../../lib/runtime/metrics.ts";
import { reasonOf } from "./reason.ts";

/** What came of several merges. */
export interface MergedTasks {
  readonly merges: number;
  readonly spans: number;
  /** Hours. */
  readonly closed: number;
  readonly faults: readonly MergeFault[];
}

/** Why one of them failed. */
export interface MergeFault {
  /** Among the tasks. */
  readonly index: number;
  readonly reason: string;
}

/** The same, as the thread that did them tells it. */
export interface MergeHello extends MergedTasks {
  readonly measured: readonly Sample[];
}

/** Does one after the other. One that fails, and may fail for ever, keeps none of the others from being done. */
export async function mergeTasks(
  tasks: readonly MergeTask[],
  merge: (task: MergeTask) => Promise<MergedHour>,
): Promise<MergedTasks> {
  const done = { merges: 0, spans: 0, closed: 0 };
  const faults: MergeFault[] = [];
  for (const [index, task] of tasks.entries())
    try {
      const { merges, spans, isClosed } = await merge(task);
      done.merges += merges;
      done.spans += spans;
      if (isClosed) done.closed++;
    } catch (fault) {
      faults.push({ index, reason: reasonOf(fault) });
    }
  return { ...done, faults };
}
