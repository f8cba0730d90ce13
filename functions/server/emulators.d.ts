// The embedded Kinesis and DynamoDB come without types: what we use of them.
declare module "kinesalite" {
  import type { Server } from "node:http";

  interface Options {
    /** LevelDB folder; in memory when there is none. */
    readonly path?: string;
    /** Time a new stream stays CREATING, in milliseconds. */
    readonly createStreamMs?: number;
  }
  export default function kinesalite(options: Options): Server;
}

declare module "kinesalite/db/index.js" {
  import type { Readable } from "node:stream";

  interface Level {
    createKeyStream(range?: { readonly gte: string; readonly lt: string }): Readable;
    batch(operations: readonly { readonly type: "del"; readonly key: string }[]): Promise<void>;
  }
  interface Stream {
    readonly RetentionPeriodHours: number;
    readonly Shards: readonly unknown[];
  }
  export interface KinesisStore {
    readonly metaDb: Level & { get(name: string): Promise<Stream> };
    getStreamDb(name: string): Level;
  }
  interface Db {
    create(options: object): KinesisStore;
    shardIxToHex(shard: number): string;
    parseSequence(number: string): { readonly seqTime: number };
  }
  const db: Db;
  export default db;
}

declare module "dynalite" {
  import type { Server } from "node:http";

  interface Options {
    /** LevelDB folder; in memory when there is none. */
    readonly path?: string;
    /** Time a new table stays CREATING, in milliseconds. */
    readonly createTableMs?: number;
  }
  export default function dynalite(options: Options): Server;
}
