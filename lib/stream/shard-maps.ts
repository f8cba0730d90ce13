import type { Clock } from "../model/time.ts";
import { type ShardMap, shardMap } from "./places.ts";
import type { StreamWriter } from "./port.ts";

/** Shards change when somebody reshards; a put that meets an unexpected one asks sooner. */
const MAX_AGE_MILLIS = 60_000;
/** Between two questions: while a reshard goes on, every put meets unexpected shards, and the stream answers few questions. */
const MIN_AGE_MILLIS = 1_000;

export interface ShardMaps {
  /**
   * At most a minute old, unless the stream does not tell: then the one before serves, since a record that is put by it
   * lies on some shard all the same. Requests that come together ask the stream once.
   */
  current(): Promise<ShardMap>;
  /** The next request asks the stream again, unless one did just now. */
  expire(): void;
}

export function shardMaps(writer: Pick<StreamWriter, "shards">, clock: Clock): ShardMaps {
  let known: ShardMap | undefined;
  /** When the last question was answered, or was not. */
  let toldAt = 0;
  let isExpired = false;
  let asking: Promise<ShardMap> | undefined;

  async function ask(): Promise<ShardMap> {
    isExpired = false;
    try {
      known = shardMap(await writer.shards());
    } catch (fault) {
      if (known === undefined) throw fault;
      isExpired = true;
    } finally {
      asking = undefined;
      toldAt = clock();
    }
    return known;
  }

  return {
    async current() {
      // A clock that was set back says nothing about the age.
      const age = Math.abs(clock() - toldAt);
      if (known !== undefined && age < (isExpired ? MIN_AGE_MILLIS : MAX_AGE_MILLIS)) return known;
      asking ??= ask();
      return asking;
    },
    expire() {
      isExpired = true;
    },
  };
}
