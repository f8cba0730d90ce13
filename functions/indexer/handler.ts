import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { measuredRead, measureNotice } from "../../lib/pipeline/measured-read.ts";
import { readForeign } from "../../lib/pipeline/read-foreign.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { indexerEnv } from "../../lib/runtime/env.ts";
import { meterOf } from "../../lib/runtime/metrics.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredWrites } from "../../lib/store/measured-items.ts";
import type { TraceWriter } from "../../lib/store/port.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { FOREIGN_QUARANTINE_PREFIX, foreignSize } from "../../lib/stream/foreign-record.ts";
import { kinesisClient, kinesisInfo, kinesisReader } from "../../lib/stream/kinesis.ts";
import { quarantineBucket, s3Client } from "../../lib/stream/quarantine-s3.ts";
import { type ReaderNotice, type ReadShard, shardReader } from "../../lib/stream/reader.ts";
import { clock, log, measured, random, sleep } from "../lambda.ts";
import { noticeLog } from "../notice-log.ts";
import { type KinesisEvent, recordsByShard } from "./event.ts";

/** Kinesis allows 10,000 a call and ends one at 10 MB: a plan is read in one or two. */
const RECORDS_PER_CALL = 10_000;

const env = indexerEnv(process.env);
const meter = meterOf("indexer");
const { measure } = meter;
const registers = measuredWrites(dynamoItems(dynamoClient(), env.TABLE_NAME), measure);
const kinesis = kinesisClient();

/** What a reader is called by depends on when the stream was made, which only the stream can tell. */
async function openReader(): Promise<ReadShard> {
  const { identity, retentionSeconds } = await kinesisInfo(kinesis, env.STREAM_NAME).describe();
  const batches = itemBatches({ items: registers, clock, random, sleep });
  const store = traceWriter({ batches, retentionHours: env.RETENTION_HOURS });
  const read = shardReader({
    states: readerStates({ registers, stream: identity, retentionSeconds, clock }),
    reader: kinesisReader(kinesis, env.STREAM_NAME),
    recordsPerCall: RECORDS_PER_CALL,
    ...recordsOf(store, identity, env.FOREIGN_TENANT),
    clock,
    functionTimeoutMillis: env.TIMEOUT_SECONDS * 1000,
    onNotice,
  });
  return measuredRead(read, measure, clock);
}

const logNotice = noticeLog(log);

function onNotice(notice: ReaderNotice): void {
  logNotice(notice);
  measureNotice(notice, measure);
}

/** What the stream's records are, and where those go that are not. */
function recordsOf(store: TraceWriter, identity: string, foreignTenant: string | undefined) {
  const s3 = s3Client();
  if (foreignTenant === undefined)
    return { indexer: indexRecords(store, identity), quarantine: quarantineBucket(s3, env.QUARANTINE_BUCKET) };
  const read = readForeign({ tenant: foreignTenant, retentionHours: env.RETENTION_HOURS });
  return {
    indexer: indexRecords(store, identity, read),
    sizeOf: foreignSize,
    quarantine: quarantineBucket(s3, env.QUARANTINE_BUCKET, FOREIGN_QUARANTINE_PREFIX),
  };
}

let opened: Promise<ReadShard> | undefined;

/** Kept for the life of the process, unless it failed. */
function reader(): Promise<ReadShard> {
  opened ??= openReader().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** Throws unless all is done: the event source then brings the same records again. */
export const handler = measured(meter, async (event: KinesisEvent) => {
  const readShard = await reader();
  for (const [shardId, records] of recordsByShard(event)) {
    const progress = await readShard(shardId, records);
    log.info("indexed", { shardId, ...progress });
  }
});
