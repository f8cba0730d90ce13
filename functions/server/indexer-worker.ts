import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { logger, renderJson, renderText } from "../../lib/runtime/log.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { kinesisClient, kinesisInfo, kinesisReader } from "../../lib/stream/kinesis.ts";
import { type ReaderNotice, shardReader } from "../../lib/stream/reader.ts";
import type { IndexerData } from "./indexer-thread.ts";
import { quarantineFolder } from "./quarantine-folder.ts";
import { sleep } from "./sleep.ts";
import { serveThread } from "./thread.ts";

const CLOCK = Date.now;

/**
 * How long a try may still be alive elsewhere. Alone on the stream nobody else is: whoever worked on it before this
 * thread was started is dead. Otherwise as long as a plan of the largest size may take.
 */
const TRY_MILLIS = { alone: 0, shared: 60_000 };

/** The emulator answers with whole records, however large: 32 of a mebibyte are as many as fit beside a plan. */
const RECORDS_PER_CALL = 32;

await serveThread<IndexerData>(async (data) => {
  const log = logger({
    write: (line) => process.stdout.write(`${line}\n`),
    clock: CLOCK,
    render: data.isTerminal ? renderText : renderJson,
  });
  const kinesis = kinesisClient(data.kinesis);
  const dynamo = dynamoClient(data.dynamo);
  const reader = kinesisReader(kinesis, data.stream);
  const info = kinesisInfo(kinesis, data.stream);
  const { identity, retentionSeconds } = await info.describe();
  const items = dynamoItems(dynamo, data.table);
  const batches = itemBatches({ items, clock: CLOCK, random: Math.random, sleep });
  const store = traceWriter({ batches, retentionHours: data.retentionHours });
  const states = readerStates({ registers: items, stream: identity, retentionSeconds, clock: CLOCK });
  const readShard = shardReader({
    states,
    reader,
    recordsPerCall: RECORDS_PER_CALL,
    indexer: indexRecords(store, identity),
    quarantine: quarantineFolder(data.quarantine),
    clock: CLOCK,
    functionTimeoutMillis: data.isAlone ? TRY_MILLIS.alone : TRY_MILLIS.shared,
    onNotice: (notice: ReaderNotice) =>
      log.error(notice.kind === "lost" ? "records are lost" : "a record was set aside", notice),
  });
  const stopping = new AbortController();
  const following = (async () => {
    const its = new Map<string, string>();
    while (!stopping.signal.aborted) {
      for (const s of await info.shards()) {
        let it = its.get(s.id);
        if (it === undefined) {
          const st = await states.load(s.id);
          it = await reader.iterator(s.id, st.done === undefined ? { from: "oldest" } : { after: st.done });
        }
        const page = await reader.records(it, RECORDS_PER_CALL);
        if (page?.records.length) await readShard(s.id, page.records);
        if (page?.next) its.set(s.id, page.next);
      }
      await sleep(150, stopping.signal);
    }
  })();
  return {
    hello: {},
    async close() {
      stopping.abort();
      await following;
      kinesis.destroy();
      dynamo.destroy();
    },
  };
});
