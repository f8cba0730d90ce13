import { type Clock, SECONDS_PER_HOUR } from "../model/time.ts";
import type { Registers } from "../store/items.ts";
import { closedKey, readerKey } from "../store/keys.ts";
import { decodeReaderState, encodeReaderState } from "../store/reader-states.ts";
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

/** How far each shard is read, kept in the table: one item a shard, each write conditional on the version before. */
export function readerStates({ registers, stream, retentionSeconds, clock }: ReaderStatesOptions): ReaderStates {
  return {
    async load(shardId) {
      const found = await registers.load(readerKey(stream, shardId));
      if (found === undefined) return { done: undefined, plan: undefined, lastAt: 0, closed: -1, version: 0 };
      return { ...decodeReaderState(found.body), version: found.version };
    },
    save(shardId, state) {
      return registers.save(readerKey(stream, shardId), {
        body: encodeReaderState(state),
        ttl: Math.ceil(clock() / 1000) + retentionSeconds + SPARE_SECONDS,
        version: state.version,
      });
    },
    async closedHour() {
      const found = await registers.load(closedKey(stream));
      return found === undefined ? -1 : decodeReaderState(found.body).closed;
    },
  };
}
