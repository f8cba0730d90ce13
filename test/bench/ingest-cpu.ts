// What ingest takes of one core: gunzip, check, regroup, zstd; beside protobufjs' decode and encode of the same bytes,
// and beside gunzip and zstd alone.
import { constants, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { ingest } from "../../lib/pipeline/ingest.ts";
import type { Shard, StreamWriter } from "../../lib/stream/port.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { report, warmCpuSeconds } from "./measure.ts";
import { bytesOf, collectorRequests, DATA_SETS, spansOf, TRAFFIC_START_MILLIS } from "./requests.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;
const SPANS = 100_000;
const SHARDS = 4;
/** As the record codec compresses. */
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
const RECORD_BYTES = 256 * 1024;

const shards: Shard[] = Array.from({ length: SHARDS }, (_, i) => ({
  ...{ id: `shard-${i}`, parentIds: [], isOpen: true },
  start: (2n ** 128n * BigInt(i)) / BigInt(SHARDS),
  end: (2n ** 128n * BigInt(i + 1)) / BigInt(SHARDS) - 1n,
}));

/** Takes everything at once. */
const stream: StreamWriter = {
  shards: async () => shards,
  put: async (entries) =>
    entries.map(({ place }) => ({
      ok: true,
      shardId: `shard-${Number((place * BigInt(SHARDS)) >> 128n)}`,
      sequenceNumber: "1",
    })),
};

const set = DATA_SETS[Number(process.argv[2] ?? 0)] ?? DATA_SETS[0];
const sent = collectorRequests(SPANS, set);
const bodies = sent.map(({ bytes }) => gzipSync(bytes));
const spans = spansOf(sent);
const take = ingest({
  stream,
  clock: () => TRAFFIC_START_MILLIS + 120_000,
  random: () => 0.5,
  sleep: async () => {},
  retentionHours: 168,
});

const takeAll = async () => {
  let accepted = 0;
  for (const body of bodies) accepted += (await take("default", gunzipSync(body))).acceptedSpans;
  if (accepted !== spans) throw new Error(`${accepted} of ${spans} spans were taken`);
};
const recode = () => {
  for (const { bytes } of sent) ExportTraceServiceRequest.encode(ExportTraceServiceRequest.decode(bytes)).finish();
};
const recompress = () => {
  for (const body of bodies) {
    const bytes = gunzipSync(body);
    for (let at = 0; at < bytes.length; at += RECORD_BYTES)
      zstdCompressSync(bytes.subarray(at, at + RECORD_BYTES), LEVEL);
  }
};
const [own = 0, compression = 0] = await warmCpuSeconds([takeAll, recompress]);
const [codec = 0] = await warmCpuSeconds([recode], { runs: 3 });
report({
  spansPerSecond: spans / own,
  bytesPerSpan: bytesOf(sent) / spans,
  timesProtobufjs: codec / own,
  timesCompression: own / compression,
});
