import { parentPort, type Transferable, Worker, workerData } from "node:worker_threads";
import { letHeapsGrow, YOUNG_MEGABYTES } from "./heap.ts";
import { reasonOf } from "./reason.ts";
import { type TaskNews, watchTasks } from "./tasks.ts";
import type { MeasuredNews } from "./thread-metrics.ts";

export interface ThreadParts {
  readonly file: URL;
  /** Handed to the thread by structured clone. */
  readonly data: unknown;
  /** What of it is handed over for good. */
  readonly transfer?: readonly Transferable[];
  /** Ceiling of its JavaScript heap: a thread that outgrows it ends alone instead of taking the machine with it. */
  readonly heapMegabytes: number;
  /** How long a task may take that the thread says it has begun; longer, and the thread is ended: it may be going round for ever. */
  readonly taskMillis?: number;
  /** Told what the thread says that it has measured. */
  readonly onMeasured?: (news: MeasuredNews) => void;
}

/** Node's own ceiling; 25 days. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;

/** What a thread says; its hello comes once, and why it ends last. */
type Said<Hello> = { readonly hello: Hello } | { readonly endsBecause: string } | TaskNews | MeasuredNews;

/** A worker thread that says when it is up and can be told to end. */
export interface Thread<Hello> {
  /** What it said when it was up. */
  readonly hello: Hello;
  /** Settles when it has ended; undefined when it was told to. */
  readonly ended: Promise<Error | undefined>;
  /** Tells it to finish what it is doing; killed after `waitMillis`. */
  close(waitMillis: number): Promise<void>;
}

export async function startThread<Hello>({
  file,
  data,
  transfer = [],
  heapMegabytes,
  taskMillis = MAX_TIMER_MILLIS,
  onMeasured,
}: ThreadParts): Promise<Thread<Hello>> {
  letHeapsGrow();
  const worker = new Worker(file, {
    workerData: data,
    transferList: [...transfer],
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
  let fault: Error | undefined;
  let reason: string | undefined;
  let isClosing = false;
  worker.on("error", (error) => {
    // Errors of LevelDB arrive as plain objects that say nothing any more.
    if (error instanceof Error) fault = error;
  });
  const watch = watchTasks(taskMillis, () => {
    fault = new Error(`${file.pathname} was ended: a task took longer than ${taskMillis} ms`);
    void worker.terminate();
  });
  const greeted = new Promise<Hello>((resolve) => {
    worker.on("message", (said: Said<Hello>) => {
      if ("hello" in said) resolve(said.hello);
      else if ("endsBecause" in said) reason = said.endsBecause;
      else if ("measured" in said) onMeasured?.(said);
      else watch.heed(said);
    });
  });
  // Not `once`, which takes the error for its own.
  const exited = new Promise<number>((resolve) => worker.on("exit", resolve));
  const ended = exited.then((code) => {
    watch.stop();
    if (isClosing) return undefined;
    return fault ?? new Error(reason ?? `${file.pathname} ended by itself with code ${code}`);
  });
  const hello = await Promise.race([greeted, ended]);
  if (hello instanceof Error) throw hello;
  if (hello === undefined) throw new Error(`${file.pathname} ended before it was up`);
  return {
    hello,
    ended,
    async close(waitMillis) {
      isClosing = true;
      worker.postMessage("close");
      const timer = setTimeout(() => void worker.terminate(), waitMillis);
      await ended;
      clearTimeout(timer);
    },
  };
}

export interface Running<Hello = unknown> {
  /** Told to whoever started the thread. */
  readonly hello: Hello;
  close(): Promise<void>;
}

/** The thread's own side: starts, says hello, and closes when told to. */
export async function serveThread<Data>(start: (data: Data) => Promise<Running>): Promise<void> {
  process.on("uncaughtExceptionMonitor", (error) => parentPort?.postMessage({ endsBecause: reasonOf(error) }));
  const running = await start(workerData);
  parentPort?.once("message", () => {
    void running.close().finally(() => parentPort?.close());
  });
  parentPort?.postMessage({ hello: running.hello });
}
