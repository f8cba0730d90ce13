import { expect, test } from "vitest";
import type {
  Entry,
  Position,
  Shard,
  StreamInfo,
  StreamReader,
  StreamRecord,
  StreamWriter,
} from "../../lib/stream/port.ts";

export interface OpenStream {
  readonly writer: StreamWriter;
  readonly reader: StreamReader;
  readonly info: StreamInfo;
  /** Closes the shard; two children share its places. */
  split(shard: Shard): Promise<void>;
}

const PLACES = 2n ** 128n;

/** What every stream does, whoever runs it. */
export function streamContract(open: (shards: number) => Promise<OpenStream>): void {
  test("its open shards share all places, without gaps", async () => {
    const { writer, info } = await open(3);
    const shards = [...(await writer.shards())].sort((a, b) => (a.start < b.start ? -1 : 1));
    expect(shards.map(({ isOpen, parentIds }) => ({ isOpen, parentIds }))).toEqual(
      shards.map(() => ({ isOpen: true, parentIds: [] })),
    );
    expect(shards.map(({ start }) => start)).toEqual([0n, ...shards.slice(0, -1).map(({ end }) => end + 1n)]);
    expect(shards.at(-1)?.end).toBe(PLACES - 1n);
    expect(await info.shards()).toEqual(await writer.shards());
  });

  test("a record lands on the shard that takes its place, at both edges, and reads back as it was put", async () => {
    const { writer, reader } = await open(3);
    const shards = await writer.shards();
    const entries = shards.flatMap(({ start, end }, i) => [
      { place: start, data: Uint8Array.of(i, 0, 255) },
      { place: end, data: Uint8Array.of(i, 1) },
    ]);
    const results = await writer.put(entries);
    const expected = shards.flatMap(({ id }) => [id, id]);
    expect(results.map((result) => (result.ok ? result.shardId : result.message))).toEqual(expected);
    for (const [i, shard] of shards.entries()) {
      const records = await readAll(reader, shard.id, { from: "oldest" });
      expect(records.map(({ data }) => [...data])).toEqual([
        [i, 0, 255],
        [i, 1],
      ]);
      expect(records.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
        results.slice(i * 2, i * 2 + 2).map((result) => (result.ok ? result.sequenceNumber : "")),
      );
    }
  });

  test("sequence numbers of a shard rise as integers", async () => {
    const { writer, reader } = await open(1);
    for (let call = 0; call < 5; call++) await writer.put(entriesAt(0n, 20));
    const numbers = (await readAll(reader, await onlyShard(writer), { from: "oldest" })).map((record) =>
      BigInt(record.sequenceNumber),
    );
    expect(numbers.length).toBe(100);
    expect(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0n))).toBe(true);
  });

  test("reads from a number, after a number, from the oldest, never more than asked for", async () => {
    const { writer, reader } = await open(1);
    const shardId = await onlyShard(writer);
    await writer.put(entriesAt(0n, 10));
    const all = await readAll(reader, shardId, { from: "oldest" });
    const fourth = all[3]?.sequenceNumber ?? "";
    expect(await readAll(reader, shardId, { at: fourth })).toEqual(all.slice(3));
    expect(await readAll(reader, shardId, { after: fourth })).toEqual(all.slice(4));
    const page = await reader.records(await reader.iterator(shardId, { from: "oldest" }), 4);
    expect(page?.records).toEqual(all.slice(0, 4));
    expect((await reader.records(page?.next ?? "", 4))?.records).toEqual(all.slice(4, 8));
  });

  test("an iterator at the tip gives nothing now, and what comes later afterwards", async () => {
    const { writer, reader } = await open(1);
    const tip = await reader.records(await reader.iterator(await onlyShard(writer), { from: "oldest" }), 10);
    expect(tip).toMatchObject({ records: [], behindMillis: 0 });
    await writer.put(entriesAt(0n, 2));
    expect((await reader.records(tip?.next ?? "", 10))?.records.length).toBe(2);
  });

  test("a shard that is split keeps its records, ends after them, and takes no more", async () => {
    const { writer, reader, split } = await open(1);
    const [parent] = await writer.shards();
    if (parent === undefined) throw new Error("no shard");
    await writer.put(entriesAt(0n, 5));
    await split(parent);
    const shards = await writer.shards();
    expect(shards.map(({ isOpen, parentIds }) => ({ isOpen, parentIds }))).toEqual([
      { isOpen: false, parentIds: [] },
      { isOpen: true, parentIds: [parent.id] },
      { isOpen: true, parentIds: [parent.id] },
    ]);
    const results = await writer.put([...entriesAt(0n, 1), ...entriesAt(PLACES - 1n, 1)]);
    expect(results.map((result) => result.ok && result.shardId)).toEqual([shards[1]?.id, shards[2]?.id]);
    const records: StreamRecord[] = [];
    let iterator: string | undefined = await reader.iterator(parent.id, { from: "oldest" });
    for (let calls = 0; iterator !== undefined && calls < 20; calls++) {
      const page = await reader.records(iterator, 2);
      records.push(...(page?.records ?? []));
      iterator = page?.next;
    }
    expect(iterator).toBeUndefined();
    expect(records.length).toBe(5);
  });

  test("is described by a name that a stream made again would not have, and by how long it keeps records", async () => {
    const { info } = await open(1);
    const first = await info.describe();
    expect(first.identity.length).toBeGreaterThan(2);
    expect(first.retentionSeconds).toBe(86_400);
    expect(await info.describe()).toEqual(first);
  });
}

const entriesAt = (place: bigint, count: number): Entry[] =>
  Array.from({ length: count }, (_, i) => ({ place, data: Uint8Array.of(i) }));

async function onlyShard(writer: StreamWriter): Promise<string> {
  return (await writer.shards())[0]?.id ?? "";
}

/** Until the tip. */
async function readAll(reader: StreamReader, shardId: string, position: Position): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  let iterator: string | undefined = await reader.iterator(shardId, position);
  while (iterator !== undefined) {
    const page = await reader.records(iterator, 7);
    if (page === undefined || page.records.length === 0) break;
    records.push(...page.records);
    iterator = page.next;
  }
  return records;
}
