import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { indexRecords } from "../../../lib/pipeline/index-records.ts";
import { readForeign } from "../../../lib/pipeline/read-foreign.ts";
import { itemBatches } from "../../../lib/store/batches.ts";
import { nameReader } from "../../../lib/store/names.ts";
import { traceWriter } from "../../../lib/store/write.ts";
import { foreignSize } from "../../../lib/stream/foreign-record.ts";
import { shardReader } from "../../../lib/stream/reader.ts";
import { opentelemetry } from "../../../proto/gen/index.js";
import { aggregated } from "../../support/aggregated.ts";
import { memoryItems } from "../../support/memory-items.ts";
import { aWorld, FUNCTION_TIMEOUT_MILLIS, SHARD } from "../../support/reading.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

const MIB = 1024 * 1024;

/** A message of one span; `ballast` makes it large, and takes no room when it is compressed. */
function message(service: string, span: number, ballast = 0, traceByte = 7): Uint8Array {
  const attributes = [{ key: "ballast", value: { stringValue: "x".repeat(ballast) } }];
  const spans = [{ traceId: Buffer.alloc(16, traceByte), spanId: Buffer.alloc(8, span), name: "op", attributes }];
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  return TracesData.encode(TracesData.fromObject({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })).finish();
}

/** Puts the records into a shard and lets an indexer of foreign records read them. */
async function readAll(contents: readonly Uint8Array[]) {
  const world = aWorld();
  const clock = () => world.now;
  const table = memoryItems();
  const batches = itemBatches({ items: table, clock, random: () => 0.5, sleep: async () => {} });
  const store = traceWriter({ batches, retentionHours: 24 });
  const read = shardReader({
    states: world.states,
    reader: world.stream,
    recordsPerCall: 100,
    indexer: indexRecords(store, "foreign/1", readForeign({ tenant: "acme", retentionHours: 24 })),
    sizeOf: foreignSize,
    quarantine: world.quarantine,
    clock,
    functionTimeoutMillis: FUNCTION_TIMEOUT_MILLIS,
    onNotice: (notice) => world.notices.push(notice),
  });
  await world.stream.put(contents.map((data) => ({ place: 0n, data })));
  const records = (await world.stream.held(SHARD)).map((record) => ({ ...record, arrivedMillis: world.now }));
  const progress = await read(SHARD, records);
  const services = await nameReader({ batches, clock }).services("acme");
  return { world, table, records, progress, services };
}

test("plans of foreign records are as large as what they hold, not as what the stream carries", async () => {
  const { progress, services } = await readAll(
    Array.from({ length: 15 }, (_, i) => gzipSync(message(`s${i}`, i + 1, 4 * MIB - 200))),
  );
  expect(progress).toMatchObject({ plans: 2, records: 15 });
  expect(services).toHaveLength(15);
});

test("a record that cannot be read is set aside, spans that are refused are told, and all else is indexed", async () => {
  const { world, records, services } = await readAll([
    message("plain", 1),
    Buffer.from("no message of anyone's"),
    aggregated([gzipSync(message("first", 2)), message("zero", 3, 0, 0), message("second", 4)]),
    aggregated([message("gone", 5), message("cut", 6).subarray(0, -1)]),
  ]);
  expect(services).toEqual(["first", "plain", "second"]);
  const aside = [1, 3].map((i) => records[i]?.sequenceNumber);
  expect([...world.quarantine.kept.values()].map(({ sequenceNumber }) => sequenceNumber)).toEqual(aside);
  expect(world.notices).toMatchObject([
    ...aside.map((sequenceNumber) => ({ kind: "excluded", sequenceNumber })),
    {
      kind: "refused",
      first: records[0]?.sequenceNumber,
      last: records[3]?.sequenceNumber,
      spans: 1,
      message: `record ${records[2]?.sequenceNumber}: 1 spans rejected: trace_id is all zero`,
    },
  ]);
});

test("the same records always become the same items", async () => {
  const contents = [message("a", 1), gzipSync(message("b", 2)), aggregated([message("c", 3), message("d", 4)])];
  const [once, again] = [await readAll(contents), await readAll(contents)];
  expect(again.table.dump()).toEqual(once.table.dump());
});
