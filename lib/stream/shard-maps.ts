import type { Clock } from "../model/time.ts";
import { type ShardMap, shardMap } from "./places.ts";
import type { StreamWriter } from "./port.ts";

/** Shards change when somebody reshards; a put that meets an unexpected one asks sooner. */
const MAX_AGE_MILLIS = 60_000;

export interface ShardMaps {
  /** At most a minute old. Requests that come together ask the stream once. */
  current(): Promise<ShardMap>;
  /** The next request asks the stream again. */
  expire(): void;
}

export function shardMaps(writer: Pick<StreamWriter, "shards">, clock: Clock): ShardMaps {
  let asked = Number.NEGATIVE_INFINITY;
  let map: Promise<ShardMap> | undefined;
  return {
    current() {
      if (map !== undefined && clock() - asked < MAX_AGE_MILLIS) return map;
      asked = clock();
      const fresh = writer.shards().then(shardMap);
      map = fresh;
      fresh.catch(() => {
        if (map === fresh) map = undefined; // a failure is not remembered
      });
      return fresh;
    },
    expire() {
      map = undefined;
    },
  };
}
