// What the indexer takes of one core, from stream records to BatchWriteItem answers, the AWS SDK included; beside
// protobufjs' decode of the same spans. The table is another process that says yes to everything.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { traceWriter } from "../../lib/store/write.ts";
import type { Plan, StreamRecord } from "../../lib/stream/port.ts";
import { decodeRecord } from "../../lib/stream/record.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { report, warmCpuSeconds } from "./measure.ts";
import { collectorRequests, DATA_SETS, spansOf, TRAFFIC_START_MILLIS } from "./requests.ts";

const { TracesData } = opentelemetry.proto.trace.v1;
/** A full plan: 32 MiB of records as they declare themselves. */
const SPANS = 58_000;
const NOW = TRAFFIC_START_MILLIS + 120_000;

const set = DATA_SETS[Number(process.argv[2] ?? 0)] ?? DATA_SETS[0];
const sent = collectorRequests(SPANS, set);
const spans = spansOf(sent);
const records: StreamRecord[] = [];
const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));
const take = ingest({
  stream: {
    shards: async () => [{ id: "s", parentIds: [], isOpen: true, start: 0n, end: 2n ** 128n - 1n }],
    put: async (entries) =>
      entries.map(({ data }) => {
        const sequenceNumber = `${49_000_000 + records.length}`;
        records.push({ sequenceNumber, data, arrivedMillis: NOW });
        return { ok: true, shardId: "s", sequenceNumber };
      }),
  },
  ...{ clock: () => NOW, random: () => 0.5, sleep, retentionHours: 168 },
});
for (const { bytes } of sent) await take("default", bytes);

const table = fork(join(import.meta.dirname, "yes-table.ts"));
const [port] = await once(table, "message");
const client = dynamoClient({
  endpoint: `http://127.0.0.1:${port}`,
  region: "us-east-1",
  credentials: { accessKeyId: "x", secretAccessKey: "x" },
});
const batches = itemBatches({ items: dynamoItems(client, "skua"), clock: Date.now, sleep, random: Math.random });
const indexer = indexRecords(traceWriter({ batches, retentionHours: 168 }), "stream");
const plan: Plan = {
  ...{ first: records[0]?.sequenceNumber ?? "", last: records.at(-1)?.sequenceNumber ?? "" },
  ...{ at: NOW, closed: -1, tries: 1, suspect: undefined, excluded: [] },
};
const index = () => indexer.index(plan, "s", records);
const decodeAll = () => {
  for (const { data } of records) TracesData.decode(decodeRecord(data).traces);
};
const [own = 0, decode = 0] = await warmCpuSeconds([index, decodeAll], { warm: 4 });
client.destroy();
table.kill();
report({ spansPerSecond: spans / own, timesDecode: own / decode });
