import { parentPort } from "node:worker_threads";

/** What a thread says of its tasks to whoever started it; the number tells them apart. */
export type TaskNews = { readonly begun: number } | { readonly ended: number };

let tasks = 0;

/** In the thread: says that a task begins; call what it returns when the task ends. Said even by a thread that then spins. */
export function beginTask(): () => void {
  const task = ++tasks;
  parentPort?.postMessage({ begun: task } satisfies TaskNews);
  return () => parentPort?.postMessage({ ended: task } satisfies TaskNews);
}

export interface TaskWatch {
  heed(news: TaskNews): void;
  /** Forgets all tasks. */
  stop(): void;
}

/** Outside the thread: calls `onOverdue` when one of its tasks takes longer than that. */
export function watchTasks(limitMillis: number, onOverdue: () => void): TaskWatch {
  const timers = new Map<number, NodeJS.Timeout>();
  return {
    heed(news) {
      if ("begun" in news) {
        timers.set(news.begun, setTimeout(onOverdue, limitMillis));
        return;
      }
      clearTimeout(timers.get(news.ended));
      timers.delete(news.ended);
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
