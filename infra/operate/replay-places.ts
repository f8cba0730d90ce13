import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Reach, startBackends } from "../../functions/server/backends.ts";
import { takeDataFolder } from "../../functions/server/data-folder.ts";
import { keptInFolder, quarantineFolder } from "../../functions/server/quarantine-folder.ts";
import type { Settings } from "../../functions/server/settings-table.ts";
import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { readForeign } from "../../lib/pipeline/read-foreign.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { indexerEnv } from "../../lib/runtime/env.ts";
import { functionVariables, lambdaClient } from "../../lib/runtime/invoke.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { FOREIGN_QUARANTINE_PREFIX, foreignSize } from "../../lib/stream/foreign-record.ts";
import type { KeptRecords } from "../../lib/stream/kept-records.ts";
import { keptInBucket } from "../../lib/stream/kept-s3.ts";
import { kinesisClient, kinesisInfo, kinesisReader } from "../../lib/stream/kinesis.ts";
import type { SizeOf } from "../../lib/stream/plan-records.ts";
import type { Indexer, Quarantine, ReaderStates, StreamReader } from "../../lib/stream/port.ts";
import { quarantineBucket, s3Client } from "../../lib/stream/quarantine-s3.ts";

/** One stream with what was set aside of it, and the table that it is indexed into. */
export interface ReplayPlace {
  readonly stream: string;
  readonly kept: KeptRecords;
  readonly quarantine: Quarantine;
  readonly states: ReaderStates;
  readonly reader: StreamReader;
  readonly indexer: Indexer;
  readonly sizeOf?: SizeOf;
  readonly retentionHours: number;
  readonly streamRetentionSeconds: number;
  /** Longer than this no try of the indexer lives. */
  readonly timeoutMillis: number;
}

/** Opened places, and how they are left. */
export interface ReplayPlaces {
  /** Of the server's own stream, or of the named function's. */
  readonly own: ReplayPlace;
  /** Of a server's second stream, where it has one. */
  readonly foreign?: ReplayPlace;
  close(): Promise<void>;
}

/** A quarantine as both of its ports. */
interface Shelf {
  readonly kept: KeptRecords;
  readonly quarantine: Quarantine;
}

interface PlaceParts extends Shelf {
  readonly kinesis: Reach;
  readonly dynamo: Reach;
  readonly stream: string;
  readonly table: string;
  readonly retentionHours: number;
  readonly timeoutMillis: number;
  readonly foreignTenant?: string | undefined;
}

async function openPlace(parts: PlaceParts): Promise<ReplayPlace> {
  const { stream, table, retentionHours, foreignTenant, kept, quarantine, timeoutMillis } = parts;
  const kinesis = kinesisClient(parts.kinesis);
  const { identity, retentionSeconds } = await kinesisInfo(kinesis, stream).describe();
  const clock = Date.now;
  const registers = dynamoItems(dynamoClient(parts.dynamo), table);
  const batches = itemBatches({ items: registers, clock, random: Math.random, sleep: (millis) => pause(millis) });
  const store = traceWriter({ batches, retentionHours });
  return {
    ...{ stream, kept, quarantine, retentionHours, timeoutMillis, streamRetentionSeconds: retentionSeconds },
    states: readerStates({ registers, stream: identity, retentionSeconds, clock }),
    reader: kinesisReader(kinesis, stream),
    ...(foreignTenant === undefined
      ? { indexer: indexRecords(store, identity) }
      : {
          indexer: indexRecords(store, identity, readForeign({ tenant: foreignTenant, retentionHours })),
          sizeOf: foreignSize,
        }),
  };
}

/** What the indexer of that name has, by the caller's own credentials. */
export async function placesOfFunction(name: string): Promise<ReplayPlaces> {
  const env = indexerEnv(await functionVariables(lambdaClient(), name));
  const { STREAM_NAME: stream, TABLE_NAME: table, QUARANTINE_BUCKET: bucket, FOREIGN_TENANT: foreignTenant } = env;
  const s3 = s3Client();
  const prefix = foreignTenant === undefined ? "" : FOREIGN_QUARANTINE_PREFIX;
  const own = await openPlace({
    ...{ kinesis: {}, dynamo: {}, stream, table, foreignTenant, retentionHours: env.RETENTION_HOURS },
    kept: keptInBucket(s3, bucket, prefix),
    quarantine: quarantineBucket(s3, bucket, prefix),
    timeoutMillis: env.TIMEOUT_SECONDS * 1000,
  });
  return { own, close: async () => undefined };
}

/** For whatever the databases still write. */
const CLOSE_MILLIS = 8_000;

/** What a server that is stopped keeps in its data folder; its databases are started meanwhile. */
export async function placesOfFolder(settings: Settings): Promise<ReplayPlaces> {
  const { data, table, stream, foreignStream, foreignTenant, retentionHours } = settings;
  if (!existsSync(data)) throw new Error(`--data ${data}: expected the data folder of a server`);
  const folder = await takeDataFolder(data);
  const backends = await startBackends(folder.path, settings, process.env, process.stdout.isTTY === true);
  const close = async (): Promise<void> => {
    await backends.close(CLOSE_MILLIS);
    folder.release();
  };
  const { kinesis, dynamo } = backends;
  const quarantine = join(folder.path, "quarantine");
  // Nobody else has the folder: no try is alive.
  const common = { kinesis, dynamo, table, retentionHours, timeoutMillis: 0 };
  try {
    const own = await openPlace({ ...common, ...shelf(quarantine), stream });
    if (foreignStream === "") return { own, close };
    const second = { ...shelf(join(quarantine, "foreign")), stream: foreignStream, foreignTenant };
    return { own, foreign: await openPlace({ ...common, ...second }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const shelf = (folder: string): Shelf => ({ kept: keptInFolder(folder), quarantine: quarantineFolder(folder) });
