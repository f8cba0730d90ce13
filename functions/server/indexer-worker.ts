import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { measuredRead, measureNotice } from "../../lib/pipeline/measured-read.ts";
import { readForeign } from "../../lib/pipeline/read-foreign.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { meterOf } from "../../lib/runtime/metrics.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredWrites } from "../../lib/store/measured-items.ts";
import type { TraceWriter } from "../../lib/store/port.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { followStream } from "../../lib/stream/follow.ts";
import { foreignSize } from "../../lib/stream/foreign-record.ts";
import { kinesisClient, kinesisInfo, kinesisReader } from "../../lib/stream/kinesis.ts";
import type { Indexer } from "../../lib/stream/port.ts";
import { shardReader } from "../../lib/stream/reader.ts";
import { noticeLog } from "../notice-log.ts";
import { type IndexerData, TRY_MILLIS } from "./indexer-thread.ts";
import { provision } from "./provision.ts";
import { quarantineFolder } from "./quarantine-folder.ts";
import { readingAge } from "./reading-age.ts";
import { serverLog } from "./server-log.ts";
import { sleep } from "./sleep.ts";
import { beginTask } from "./tasks.ts";
import { serveThread } from "./thread.ts";
import { tellMeasured } from "./thread-metrics.ts";

const CLOCK = Date.now;

/** The emulator answers with whole records, however large: 32 of a mebibyte are as many as fit beside a plan. */
const RECORDS_PER_CALL = 32;

/**
 * Often enough for a span to be found well within a second, seldom enough that steady traffic does not fill an hour
 * with thousands of small segments.
 */
const POLL_MILLIS = 300;

await serveThread<IndexerData>(async (data) => {
  const log = serverLog(data.isTerminal);
  const kinesis = kinesisClient(data.kinesis);
  const dynamo = dynamoClient(data.dynamo);
  await provision({ ...data, kinesis, dynamo });
  const meter = meterOf("indexer");
  const { measure } = meter;
  const { reader, watch, age } = readingAge(kinesisReader(kinesis, data.stream), CLOCK);
  const info = kinesisInfo(kinesis, data.stream);
  const { identity, retentionSeconds } = await info.describe();
  const items = measuredWrites(dynamoItems(dynamo, data.table), measure);
  const batches = itemBatches({ items, clock: CLOCK, random: Math.random, sleep });
  const store = traceWriter({ batches, retentionHours: data.retentionHours });
  const states = readerStates({ registers: items, stream: identity, retentionSeconds, clock: CLOCK });
  const logNotice = noticeLog(log);
  const read = shardReader({
    states,
    reader,
    recordsPerCall: RECORDS_PER_CALL,
    ...recordsOf(store, identity, data),
    quarantine: quarantineFolder(data.quarantine),
    clock: CLOCK,
    // Alone on the stream no other try can be alive: whoever worked on it before this thread was started is dead.
    functionTimeoutMillis: data.isKinesisEmbedded ? 0 : TRY_MILLIS,
    onNotice: (notice) => {
      logNotice(notice);
      measureNotice(notice, measure);
    },
  });
  const stopping = new AbortController();
  const following = followStream({
    info,
    reader,
    states,
    read: watch(measuredRead(read, measure, CLOCK)),
    pollMillis: POLL_MILLIS,
    recordsPerCall: RECORDS_PER_CALL,
    random: Math.random,
    sleep,
    onFault: (error, shardId) => log.warn("reading the stream failed; will try again", { shardId, error }),
    signal: stopping.signal,
  });
  const telling = tellMeasured(meter, age);
  return {
    hello: {},
    async close() {
      stopping.abort();
      await following;
      telling.stop();
      kinesis.destroy();
      dynamo.destroy();
    },
  };
});

/** What the stream's records are. */
function recordsOf(store: TraceWriter, identity: string, { foreignTenant, retentionHours }: IndexerData) {
  if (foreignTenant === undefined) return { indexer: asTasks(indexRecords(store, identity)) };
  const read = readForeign({ tenant: foreignTenant, retentionHours });
  return { indexer: asTasks(indexRecords(store, identity, read)), sizeOf: foreignSize };
}

/** Lets whoever started this thread end it when a record keeps it going for ever. */
function asTasks(indexer: Indexer): Indexer {
  return {
    check(record) {
      const end = beginTask();
      try {
        indexer.check(record);
      } finally {
        end();
      }
    },
    async index(plan, shardId, records) {
      const end = beginTask();
      try {
        return await indexer.index(plan, shardId, records);
      } finally {
        end();
      }
    },
  };
}
