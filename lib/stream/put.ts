import { TracingError } from "../model/errors.ts";
import type { Clock } from "../model/time.ts";
import { backoffMillis, isTransient, type Sleep } from "../runtime/retry.ts";
import { randomPlace, type ShardMap } from "./places.ts";
import type { Entry, PutResult, StreamWriter } from "./port.ts";
import { PARTITION_KEY } from "./record.ts";

/** Kinesis's PutRecords. */
export const MAX_PUT_RECORDS = 500;
/** Half of what Kinesis takes since 2025, and all that the emulators do. */
export const MAX_PUT_BYTES = 5 * 1024 * 1024;

/** A shard's throughput is counted by the second: the ceiling on a wait need not be much more. */
const BACKOFF = { baseMillis: 50, maxMillis: 1000 };
/** After so many refusals the shard itself is taken to be hot. */
const REFUSALS_BEFORE_SPILL = 2;
/** Retry-After is spread over so many seconds, or all agents would come back at once. */
const RETRY_AFTER_SECONDS = 4;

export interface PutOptions {
  /** What the entries were grouped by. */
  readonly map: ShardMap;
  /** No call but the first begins after it; milliseconds since the epoch. */
  readonly deadlineMillis: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  /** Whether a record may leave its trace's shard; not with tail policies, which need whole traces. */
  readonly allowSpill: boolean;
}

export interface PutOutcome {
  /** Attempts beyond the first, over all entries. */
  readonly retries: number;
  /** Entries that a hot shard refused and that lie at a random place instead. */
  readonly spilled: number;
  /** A shard answered that the map does not name for that place: read the map again. */
  readonly isMapStale: boolean;
}

interface Pending {
  entry: Entry;
  refusals: number;
  isSpilled: boolean;
}

/**
 * Puts every entry into the stream, failed ones again until the deadline. Throws unavailable, with a time to come back,
 * when some are not in the stream by then; those that are stay, and come a second time when the client resends.
 */
export async function putRecords(
  writer: StreamWriter,
  entries: readonly Entry[],
  options: PutOptions,
): Promise<PutOutcome> {
  const tally = { retries: 0, spilled: 0, isMapStale: false };
  // Waits are summed, too: a clock that is set back would have the deadline an hour away.
  const mostWaited = options.deadlineMillis - options.clock();
  let waited = 0;
  let pending: Pending[] = entries.map((entry) => ({ entry, refusals: 0, isSpilled: false }));
  for (let attempt = 0; pending.length > 0; attempt++) {
    const failed: Pending[] = [];
    let lastMessage = "";
    let isLate = false;
    for (const call of cutCalls(pending)) {
      const results = isLate ? call.map(notAsked) : await putOnce(writer, call);
      results.forEach((result, i) => {
        const item = call[i] as Pending;
        if (result.ok) noteAccepted(tally, item, result.shardId, options.map);
        else {
          failed.push(item);
          lastMessage = result.message;
          if (result.reason === "throttled") noteRefused(item, options);
        }
      });
      isLate = options.clock() >= options.deadlineMillis;
    }
    if (failed.length === 0) break;
    const wait = backoffMillis(attempt, options.random, BACKOFF);
    waited += wait;
    if (options.clock() + wait >= options.deadlineMillis || waited >= mostWaited)
      throw tooBusy(failed.length, entries.length, lastMessage, options);
    tally.retries += failed.length;
    await options.sleep(wait);
    pending = failed;
  }
  return tally;
}

const notAsked = (): PutResult => ({ ok: false, reason: "failed", message: "the time for it was over" });

/** A call that put nothing is one that refused every entry. */
async function putOnce(writer: StreamWriter, call: readonly Pending[]): Promise<readonly PutResult[]> {
  try {
    return await writer.put(call.map((item) => item.entry));
  } catch (error) {
    if (!(error instanceof TracingError) || !isTransient(error)) throw error;
    const reason = error.code === "throttled" ? "throttled" : "failed";
    return call.map(() => ({ ok: false, reason, message: error.message }));
  }
}

function noteAccepted(
  tally: { spilled: number; isMapStale: boolean },
  item: Pending,
  shardId: string,
  map: ShardMap,
): void {
  if (item.isSpilled) tally.spilled++;
  if (map.shards[map.shardIndexOf(item.entry.place)]?.id !== shardId) tally.isMapStale = true;
}

function noteRefused(item: Pending, { allowSpill, random }: PutOptions): void {
  item.refusals++;
  if (!allowSpill || item.refusals < REFUSALS_BEFORE_SPILL) return;
  item.isSpilled = true;
  item.entry = { place: randomPlace(random), data: item.entry.data };
}

function tooBusy(left: number, all: number, why: string, { random }: PutOptions): TracingError {
  return new TracingError("unavailable", `${left} of ${all} records are not in the stream`, {
    cause: why,
    retryAfterSeconds: 1 + Math.floor(random() * RETRY_AFTER_SECONDS),
  });
}

function* cutCalls(pending: readonly Pending[]): Iterable<readonly Pending[]> {
  let call: Pending[] = [];
  let bytes = 0;
  for (const item of pending) {
    const size = item.entry.data.length + PARTITION_KEY.length;
    if (call.length === MAX_PUT_RECORDS || (call.length > 0 && bytes + size > MAX_PUT_BYTES)) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(item);
    bytes += size;
  }
  if (call.length > 0) yield call;
}
