import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { countsRange, readCountsKey } from "../keys.ts";

/** What was read so far of the counts of an hour. */
export interface ReadCounts {
  readonly keys: Set<string>;
  /** Clock of the last look, of the last that reached far back, and of the last at everything; milliseconds since the epoch. */
  lookedAt: number;
  lookedFarAt: number;
  lookedWholeAt: number;
}

export const nothingRead = (): ReadCounts => ({ keys: new Set(), lookedAt: 0, lookedFarAt: 0, lookedWholeAt: 0 });

/** A graph of a whole day may trail by this much; without it, every question would ask the table about every hour. */
const TRUST_MILLIS = 5_000;

/** Hours that ended longer ago change only by what comes late. */
const RECENT_HOURS = 2;
const OLD_TRUST_MILLIS = 30_000;

/** Shards write at the same time, so counts of an earlier plan may appear after those of a later one, as heads may. */
const OVERLAP_MILLIS = 30_000;

/** A write that is tried again takes longer, which is rare: further back is looked again only now and then. */
const FAR_OVERLAP_MILLIS = 15 * 60_000;
const FAR_EVERY_MILLIS = 2 * 60_000;

/** A plan may wait for as long as its shard's records cannot be written: that is seen this much after it is. */
const WHOLE_EVERY_MILLIS = 10 * 60_000;

/** Whether what is known of an hour may be taken for what is there; looked at under a clock that was set back since, it may not. */
export function isFresh({ lookedAt }: ReadCounts, hour: number, nowMillis: number): boolean {
  const isRecent = hour + RECENT_HOURS >= Math.floor(nowMillis / MILLIS_PER_HOUR);
  return Math.abs(nowMillis - lookedAt) < (isRecent ? TRUST_MILLIS : OLD_TRUST_MILLIS);
}

export interface NewBodiesOptions {
  readonly batches: Batches;
  readonly tenant: string;
  readonly hour: number;
  /** Of plans made from then on, and up to then; milliseconds since the epoch. */
  readonly fromAt: number;
  readonly toAt?: number;
  readonly nowMillis: number;
}

/** A body of counts, and when its plan was made, milliseconds since the epoch. */
export interface NewBody {
  readonly at: number;
  readonly body: Uint8Array;
}

/** Bodies of an hour's counts that were not read yet. What was read is noted body by body, the look when all of it is. */
export async function* newBodies(read: ReadCounts, options: NewBodiesOptions): AsyncGenerator<NewBody> {
  const { batches, tenant, hour, fromAt, toAt, nowMillis } = options;
  // When it was looked before means nothing once the clock is set back.
  const isBack = nowMillis < read.lookedAt;
  const isFar = isBack || nowMillis - read.lookedFarAt >= FAR_EVERY_MILLIS;
  const isWhole = isBack || nowMillis - read.lookedWholeAt >= WHOLE_EVERY_MILLIS;
  const from = isWhole ? 0 : read.lookedAt - (isFar ? FAR_OVERLAP_MILLIS : OVERLAP_MILLIS);
  const range = countsRange(tenant, hour, Math.max(fromAt, from), toAt);
  for await (const items of batches.queryAll({ ...range, consistent: false }))
    for (const { sk, body } of items) {
      const key = Buffer.from(sk).toString("latin1");
      if (read.keys.has(key)) continue;
      yield { at: readCountsKey(sk).at, body };
      read.keys.add(key);
    }
  read.lookedAt = nowMillis;
  if (isFar) read.lookedFarAt = nowMillis;
  if (isWhole) read.lookedWholeAt = nowMillis;
}
