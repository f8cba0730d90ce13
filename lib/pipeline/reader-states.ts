import { type Clock, SECONDS_PER_HOUR } from "../model/time.ts";
import type { Registers } from "../store/items.ts";
import { ROLLUP_KEY, readerKey, streamKey } from "../store/keys.ts";
import { decodeReaderState, encodeReaderState } from "../store/reader-states.ts";
import { decodeRollupState } from "../store/rollup-states.ts";
import type { ReaderStates } from "../stream/port.ts";

export interface ReaderStatesOptions {
  readonly registers: Registers;
  /** The stream's name and creation time. */
  readonly stream: string;
  /** The stream's. What was read of a shard matters as long as the shard may still hold it. */
  readonly retentionSeconds: number;
  readonly clock: Clock;
}

/** For how long after the stream's retention a state that is no longer written is kept. */
const SPARE_SECONDS = 24 * SECONDS_PER_HOUR;

/** A stream is named again this often, and outlives its shards by as much. */
const RENEW_SECONDS = 24 * SECONDS_PER_HOUR;

/**
 * How far each shard is read, kept in the table: one item a shard, each write conditional on the version before. Before a
 * shard has an item its stream does: rollup finds shards by their streams, and both before it takes them to be all.
 */
export function readerStates({ registers, stream, retentionSeconds, clock }: ReaderStatesOptions): ReaderStates {
  let namedAtSeconds = Number.NEGATIVE_INFINITY;

  async function nameStream(nowSeconds: number): Promise<void> {
    if (nowSeconds - namedAtSeconds < RENEW_SECONDS) return;
    const found = await registers.load(streamKey(stream));
    // Where it fails, another process has just done the same.
    await registers.save(streamKey(stream), {
      body: Buffer.from(stream),
      ttl: nowSeconds + retentionSeconds + SPARE_SECONDS + 2 * RENEW_SECONDS,
      version: (found?.version ?? 0) + 1,
    });
    namedAtSeconds = nowSeconds;
  }

  return {
    async load(shardId) {
      const found = await registers.load(readerKey(stream, shardId));
      if (found === undefined) return { done: undefined, plan: undefined, lastAt: 0, closed: -1, version: 0 };
      return { ...decodeReaderState(found.body), version: found.version };
    },
    async save(shardId, state) {
      const nowSeconds = Math.ceil(clock() / 1000);
      await nameStream(nowSeconds);
      return registers.save(readerKey(stream, shardId), {
        body: encodeReaderState(state),
        ttl: nowSeconds + retentionSeconds + SPARE_SECONDS,
        version: state.version,
      });
    },
    async fence() {
      const found = await registers.load(ROLLUP_KEY);
      if (found === undefined) return { closed: -1, floor: 0 };
      const { closed, floor } = decodeRollupState(found.body);
      return { closed, floor };
    },
  };
}
