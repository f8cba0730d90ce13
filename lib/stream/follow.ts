import { TracingError } from "../model/errors.ts";
import { backoffMillis, type Sleep } from "../runtime/retry.ts";
import type { Position, ReaderStates, StreamInfo, StreamReader, StreamRecord } from "./port.ts";
import type { ReadShard } from "./reader.ts";

/** A shard that was split, or is drained, is noticed at once; this is for shards that others split. */
const RELIST_MILLIS = 10_000;
/** Compressed: what a reader that is behind takes before it indexes: some 30,000 spans. Fuller plans need more memory and save nothing here. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024;
const BACKOFF = { baseMillis: 200, maxMillis: 5_000 };

export interface FollowOptions {
  readonly info: Pick<StreamInfo, "shards">;
  readonly reader: StreamReader;
  readonly states: Pick<ReaderStates, "load">;
  readonly read: ReadShard;
  /** Between two looks at the tip of a shard. */
  readonly pollMillis: number;
  /** Small where the endpoint is an emulator: its answers have no ceiling in bytes. */
  readonly recordsPerCall: number;
  readonly random: () => number;
  readonly sleep: Sleep;
  /** What went wrong and will be tried again. */
  readonly onFault: (fault: unknown, shardId: string | undefined) => void;
  /** Ends it after what is being indexed. */
  readonly signal: AbortSignal;
}

/** Reads every shard that the stream names, closed ones until they are drained. Resolves when `signal` has aborted. */
export async function followStream(options: FollowOptions): Promise<void> {
  const { info, sleep, onFault, signal } = options;
  const following = new Map<string, Promise<void>>();
  const drained = new Set<string>();
  let wake = (): void => {};
  const follow = async (id: string): Promise<void> => {
    const ending = await followShard(id, options);
    following.delete(id);
    if (ending !== "drained") return;
    drained.add(id);
    wake(); // it may have children
  };
  while (!signal.aborted) {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    try {
      for (const { id } of await info.shards())
        if (!following.has(id) && !drained.has(id)) following.set(id, follow(id));
    } catch (fault) {
      onFault(fault, undefined);
    }
    await Promise.race([sleep(RELIST_MILLIS, signal), ended]);
  }
  await Promise.all(following.values());
}

type Ending = "drained" | "gone" | "stopped";

/** Whatever goes wrong, reading begins again at what is done. */
async function followShard(shardId: string, options: FollowOptions): Promise<Ending> {
  const { random, sleep, onFault, signal } = options;
  const failures = { inARow: 0 };
  while (!signal.aborted) {
    try {
      return await readOn(shardId, options, failures);
    } catch (fault) {
      onFault(fault, shardId);
      if (fault instanceof TracingError && fault.code === "not_found") return "gone";
      await sleep(backoffMillis(failures.inARow++, random, BACKOFF), signal);
    }
  }
  return "stopped";
}

async function readOn(shardId: string, options: FollowOptions, failures: { inARow: number }): Promise<Ending> {
  const { reader, states, read, pollMillis, sleep, signal } = options;
  const state = await states.load(shardId);
  // Its records may be gone: nothing that follows would bring the plan up again.
  let done = state.plan === undefined ? state.done : (await read(shardId, [])).done;
  let iterator = await reader.iterator(shardId, positionAfter(done));
  let ahead: Promise<Gathered> | undefined;
  while (!signal.aborted) {
    const batch: Gathered = await (ahead ?? gather(iterator, options));
    // While this batch is indexed the next one comes. What goes wrong with it is met when its turn comes, if it comes.
    ahead = batch.end === "full" ? gather(batch.next, options) : undefined;
    ahead?.catch(() => undefined);
    if (batch.records.length > 0) done = (await read(shardId, batch.records)).done;
    failures.inARow = 0;
    if (batch.end === "drained") return "drained";
    if (batch.end === "tip") await sleep(pollMillis, signal);
    iterator = batch.next ?? (await reader.iterator(shardId, positionAfter(done)));
  }
  return "stopped";
}

const positionAfter = (done: string | undefined): Position =>
  done === undefined ? { from: "oldest" } : { after: done };

type Gathered = { readonly records: readonly StreamRecord[] } & (
  | { readonly end: "tip" | "full"; readonly next: string }
  /** Then a new iterator is needed, or none. */
  | { readonly end: "expired" | "drained"; readonly next: undefined }
);

/** What there is, up to a batch. */
async function gather(from: string, { reader, recordsPerCall }: FollowOptions): Promise<Gathered> {
  const records: StreamRecord[] = [];
  let bytes = 0;
  let iterator = from;
  for (;;) {
    const page = await reader.records(iterator, recordsPerCall);
    if (page === undefined) return { records, next: undefined, end: "expired" };
    for (const record of page.records) {
      records.push(record);
      bytes += record.data.length;
    }
    if (page.next === undefined) return { records, next: undefined, end: "drained" };
    // Emulators say that they are never behind: a page that is full says it for them.
    const isBehind = page.records.length > 0 && (page.behindMillis > 0 || page.records.length === recordsPerCall);
    if (!isBehind) return { records, next: page.next, end: "tip" };
    if (bytes >= MAX_BATCH_BYTES) return { records, next: page.next, end: "full" };
    iterator = page.next;
  }
}
