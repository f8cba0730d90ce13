import { TracingError } from "../../lib/model/errors.ts";
import type {
  Entry,
  Position,
  PutResult,
  RecordsPage,
  Shard,
  StreamInfo,
  StreamReader,
  StreamRecord,
  StreamWriter,
} from "../../lib/stream/port.ts";

const PLACES = 2n ** 128n;
/** Kinesis's numbers have 56 digits, and gaps. */
const FIRST_NUMBER = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;
const MAX_GAP = 1_000_000_007n;

interface HeldShard {
  id: string;
  parentIds: readonly string[];
  start: bigint;
  end: bigint;
  isOpen: boolean;
  records: StreamRecord[];
}

export interface MemoryStream extends StreamWriter, StreamReader, StreamInfo {
  /** Closes a shard; two children take its places. Returns their ids. */
  split(shardId: string): Promise<readonly string[]>;
  /** Every record that the shard still holds, oldest first. */
  held(shardId: string): readonly StreamRecord[];
  /** What retention does: drops the shard's oldest records. */
  expireRecords(shardId: string, count: number): void;
  /** Every iterator handed out so far is too old from now on. */
  expireIterators(): void;
  /** Asked for every entry that is put; a reason refuses it. */
  refuse: (entry: Entry) => "throttled" | "failed" | undefined;
}

export interface MemoryStreamOptions {
  readonly shards: number;
  readonly clock?: () => number;
}

/** A stream that behaves as the port says, in memory; its faults are the test's to choose. */
export function memoryStream({ shards: count, clock = () => 0 }: MemoryStreamOptions): MemoryStream {
  const held = new Map<string, HeldShard>();
  let number = FIRST_NUMBER;
  let generation = 0;

  const add = (start: bigint, end: bigint, parentIds: readonly string[]): string => {
    const id = `shardId-${String(held.size).padStart(12, "0")}`;
    held.set(id, { id, parentIds, start, end, isOpen: true, records: [] });
    return id;
  };
  const find = (shardId: string): HeldShard => {
    const shard = held.get(shardId);
    if (shard === undefined) throw new TracingError("not_found", `shard ${shardId}`);
    return shard;
  };
  const shards = async (): Promise<readonly Shard[]> => [...held.values()].map(({ records: _, ...shard }) => shard);

  for (let i = 0n; i < BigInt(count); i++)
    add((PLACES * i) / BigInt(count), (PLACES * (i + 1n)) / BigInt(count) - 1n, []);

  const stream: MemoryStream = {
    refuse: () => undefined,
    shards,
    describe: async () => ({ identity: "memory/1", retentionSeconds: 86_400 }),
    async put(entries) {
      return entries.map((entry): PutResult => {
        const reason = stream.refuse(entry);
        if (reason !== undefined) return { ok: false, reason, message: `injected: ${reason}` };
        const shard = [...held.values()].find(
          (one) => one.isOpen && one.start <= entry.place && entry.place <= one.end,
        );
        if (shard === undefined) throw new TracingError("invalid_argument", `place ${entry.place}`);
        number += 1n + ((number * 31n) % MAX_GAP);
        shard.records.push({ sequenceNumber: String(number), data: entry.data, arrivedMillis: clock() });
        return { ok: true, shardId: shard.id, sequenceNumber: String(number) };
      });
    },
    async iterator(shardId, position) {
      find(shardId);
      return JSON.stringify({ generation, shardId, position });
    },
    async records(iterator, limit): Promise<RecordsPage | undefined> {
      const from: { generation: number; shardId: string; position: Position } = JSON.parse(iterator);
      if (from.generation !== generation) return undefined;
      const shard = find(from.shardId);
      const rest = shard.records.filter((record) => isFrom(record, from.position));
      const records = rest.slice(0, limit);
      const last = records.at(-1);
      const isEnd = !shard.isOpen && rest.length === records.length;
      const position: Position = last === undefined ? from.position : { after: last.sequenceNumber };
      return {
        records,
        next: isEnd ? undefined : JSON.stringify({ generation, shardId: shard.id, position }),
        behindMillis: rest.length > records.length ? 1000 : 0,
      };
    },
    async split(shardId) {
      const parent = find(shardId);
      parent.isOpen = false;
      const middle = (parent.start + parent.end + 1n) / 2n;
      return [add(parent.start, middle - 1n, [shardId]), add(middle, parent.end, [shardId])];
    },
    held: (shardId) => find(shardId).records,
    expireRecords: (shardId, dropped) => {
      find(shardId).records.splice(0, dropped);
    },
    expireIterators: () => {
      generation++;
    },
  };
  return stream;
}

function isFrom({ sequenceNumber }: StreamRecord, position: Position): boolean {
  if ("from" in position) return true;
  if ("at" in position) return BigInt(sequenceNumber) >= BigInt(position.at);
  return BigInt(sequenceNumber) > BigInt(position.after);
}
