import type { Clock } from "../../model/time.ts";
import type { Batches } from "../../store/batches.ts";
import type { Item, Registers } from "../../store/items.ts";
import { readersPartition, STREAMS_PARTITION } from "../../store/keys.ts";
import { decodeReaderState, encodeReaderState, type StoredReaderState } from "../../store/reader-states.ts";

/** A shard as its reader's item tells it. */
export interface ShardState extends Pick<StoredReaderState, "lastAt" | "closed"> {
  readonly item: Item;
  /** When the plan that is open was made, milliseconds since the epoch. */
  readonly openAt: number | undefined;
}

/** What a shard's item is raised to; no plan that is made later is below either. */
interface Raised {
  readonly closed: number;
  readonly lastAt: number;
}

export interface Shards {
  /** Every shard of every stream whose spans stand in the table. Consistent: one that is not among them has no item yet. */
  read(): Promise<readonly ShardState[]>;
  /** Raises their items, whoever else is writing them; returns them as they are then. */
  raise(shards: readonly ShardState[], to: Raised): Promise<readonly ShardState[]>;
}

export interface ShardsOptions {
  readonly batches: Batches;
  readonly registers: Registers;
  readonly clock: Clock;
}

/** The table deletes what has expired within a few days; where it never does, nobody comes back after this. */
const FORGOTTEN_SECONDS = 7 * 86_400;

export function readerShards({ batches, registers, clock }: ShardsOptions): Shards {
  async function raiseOne({ item }: ShardState, { closed, lastAt }: Raised): Promise<ShardState | undefined> {
    for (;;) {
      const found = await registers.load(item);
      if (found === undefined) return undefined;
      const state = decodeReaderState(found.body);
      const raised = { ...state, closed: Math.max(state.closed, closed), lastAt: Math.max(state.lastAt, lastAt) };
      if (raised.closed === state.closed && raised.lastAt === state.lastAt)
        return shardState({ ...item, body: found.body }, clock());
      const body = encodeReaderState(raised);
      // Its time to live is its reader's: a shard that nobody reads any more is forgotten all the same.
      if (await registers.save(item, { body, ttl: found.ttl, version: found.version + 1 }))
        return shardState({ ...item, body }, clock());
    }
  }

  return {
    async read() {
      const found: ShardState[] = [];
      const nowMillis = clock();
      for await (const streams of batches.queryAll({ pk: STREAMS_PARTITION, consistent: true }))
        for (const { body } of streams)
          for await (const items of batches.queryAll({ pk: readersPartition(textOf(body)), consistent: true }))
            for (const item of items)
              if (item.ttl + FORGOTTEN_SECONDS > nowMillis / 1000) found.push(shardState(item, nowMillis));
      return found;
    },
    async raise(shards, to) {
      const raised = await Promise.all(shards.map((shard) => raiseOne(shard, to)));
      return raised.filter((shard) => shard !== undefined);
    },
  };
}

/**
 * The plan of an item that has expired counts for nothing: its records have left the stream, so that whoever took it up would
 * close it as it stands. But the item itself may be found and gone on from, and so it is raised like any other.
 */
function shardState(item: Item, nowMillis: number): ShardState {
  const { plan, lastAt, closed } = decodeReaderState(item.body);
  return { item, lastAt, closed, openAt: item.ttl * 1000 < nowMillis ? undefined : plan?.at };
}

/** Heads made before this are all there, and no other will be: no plan is open that was made before, and none will be made. */
export const markOf = (shards: readonly ShardState[]): number =>
  Math.min(...shards.map(({ openAt, lastAt }) => openAt ?? lastAt + 1));

/** Longer than any try of an indexer lives, and than it waits between two. */
const LONG_OPEN_MILLIS = 15 * 60_000;

/** Names of the shards, as their readers call them, whose plan has been open for so long that it may wait for a person. */
export const longOpen = (shards: readonly ShardState[], nowMillis: number): string[] =>
  shards.filter(({ openAt = nowMillis }) => nowMillis - openAt > LONG_OPEN_MILLIS).map(({ item }) => textOf(item.sk));

/** Two lists of shards with equal texts are equal. */
export const textOfShards = (shards: readonly ShardState[]): string =>
  shards.map(({ item }) => `${item.pk} ${textOf(item.sk)} ${textOf(item.body)}`).join("\n");

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
