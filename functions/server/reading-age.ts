import type { Clock } from "../../lib/model/time.ts";
import type { StreamReader } from "../../lib/stream/port.ts";
import type { ReadShard } from "../../lib/stream/reader.ts";

export interface ReadingAge {
  /** The stream, watched. */
  readonly reader: StreamReader;
  /** The reading of its shards, watched. */
  readonly watch: (read: ReadShard) => ReadShard;
  /** How long the oldest record has waited that was read and is not indexed; or since when none can be read. Milliseconds. */
  age(): number;
}

/** Between two looks at the tip of a shard there is nothing to read: only what is longer than this says that reading fails. */
const QUIET_MILLIS = 10_000;

/** What Lambda calls a function's iterator age, for readers of our own. */
export function readingAge(stream: StreamReader, clock: Clock): ReadingAge {
  /** By shard, when its oldest record that is not done arrived. */
  const waiting = new Map<string, number>();
  let answered = clock();
  return {
    reader: {
      ...stream,
      async records(iterator, limit) {
        const page = await stream.records(iterator, limit);
        answered = clock();
        return page;
      },
    },
    watch: (read) => async (shardId, records) => {
      const [oldest] = records.map(({ arrivedMillis }) => arrivedMillis).sort((a, b) => a - b);
      if (oldest !== undefined) waiting.set(shardId, Math.min(oldest, waiting.get(shardId) ?? oldest));
      const progress = await read(shardId, records);
      waiting.delete(shardId);
      return progress;
    },
    age() {
      const now = clock();
      const oldest = Math.min(now, ...waiting.values());
      const silent = now - answered;
      return Math.max(now - oldest, silent > QUIET_MILLIS ? silent : 0);
    },
  };
}
