import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { followStream } from "../../lib/stream/follow.ts";
import { kinesisInfo, kinesisReader, kinesisWriter } from "../../lib/stream/kinesis.ts";
import { placeOf, shardMap } from "../../lib/stream/places.ts";
import { putRecords } from "../../lib/stream/put.ts";
import { shardReader } from "../../lib/stream/reader.ts";
import { decodeRecord, encodeRecord } from "../../lib/stream/record.ts";
import { Random } from "../data/random.ts";
import { openKinesalite } from "../support/kinesalite.ts";
import { MemoryStates, memoryQuarantine } from "../support/memory-indexing.ts";

test("what is put into Kinesis is indexed once, though a shard is split on the way", async () => {
  const emulator = await openKinesalite();
  await emulator.createStream("spans", 2);
  const writer = kinesisWriter(emulator.client, "spans");
  const reader = kinesisReader(emulator.client, "spans");
  const info = kinesisInfo(emulator.client, "spans");
  const states = new MemoryStates();
  const indexed: string[] = [];
  const faults: unknown[] = [];
  const stop = new AbortController();
  const random = new Random(9);
  const sleep = (millis: number, signal?: AbortSignal) =>
    pause(Math.min(millis, 20), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  const read = shardReader({
    states,
    reader,
    recordsPerCall: 32,
    indexer: {
      check: ({ data }) => void decodeRecord(data),
      index: async (_plan, _shardId, records) => {
        for (const { data } of records) indexed.push(Buffer.from(decodeRecord(data).traces).toString("hex"));
        return { dropped: 0, waitingNames: 0 };
      },
    },
    quarantine: memoryQuarantine(),
    clock: Date.now,
    functionTimeoutMillis: 60_000,
    onNotice: (notice) => faults.push(notice),
  });
  const following = followStream({
    info,
    reader,
    states,
    read,
    pollMillis: 20,
    recordsPerCall: 32,
    random: () => random.fraction(),
    sleep,
    onFault: (fault) => faults.push(fault),
    signal: stop.signal,
  });

  const sent: string[] = [];
  const map = shardMap(await writer.shards());
  const put = async (count: number) => {
    const ids = Array.from({ length: count }, () => Buffer.from(random.hex(16), "hex"));
    sent.push(...ids.map((id) => id.toString("hex")));
    return putRecords(
      writer,
      ids.map((id) => ({
        place: placeOf(id, 0),
        data: encodeRecord({ tenant: "acme", receivedNanos: 1n, traces: id }),
      })),
      {
        map,
        deadlineMillis: Date.now() + 10_000,
        clock: Date.now,
        random: () => random.fraction(),
        sleep,
        allowSpill: true,
      },
    );
  };
  expect((await put(100)).isMapStale).toBe(false);
  const [low] = map.shards;
  if (low === undefined) throw new Error("no shard");
  await emulator.split("spans", low.id, (low.start + low.end + 1n) / 2n);
  expect((await put(100)).isMapStale).toBe(true);

  while (indexed.length < sent.length) await pause(20);
  stop.abort();
  await following;
  expect(indexed.sort()).toEqual(sent.sort());
  expect(faults).toEqual([]);
  expect(new Set(states.finished.map(({ shardId }) => shardId)).size).toBe(4);
  await emulator.close();
});
