import type { StreamRecord } from "../../lib/stream/port.ts";
import { type Progress, type ReaderNotice, shardReader } from "../../lib/stream/reader.ts";
import { compareNumbers } from "../../lib/stream/sequence.ts";
import { type Around, around, Life } from "./invocations.ts";
import { itemsOf, MemoryStates, memoryIndexer, memoryQuarantine } from "./memory-indexing.ts";
import { type MemoryStream, memoryStream } from "./memory-stream.ts";

export const FUNCTION_TIMEOUT_MILLIS = 60_000;

/** A stream, a table and all that stands between them. */
export interface World {
  readonly stream: MemoryStream;
  readonly states: MemoryStates;
  readonly table: Map<string, string>;
  readonly quarantine: ReturnType<typeof memoryQuarantine>;
  readonly notices: ReaderNotice[];
  /** Milliseconds since the epoch. */
  now: number;
}

export const aWorld = (shards = 1): World => ({
  stream: memoryStream({ shards }),
  states: new MemoryStates(),
  table: new Map(),
  quarantine: memoryQuarantine(),
  notices: [],
  now: 1_764_000_000_000,
});

/** Puts one record a list of bytes into the first shard, and returns them as the stream has them. */
export async function fill(
  { stream }: World,
  contents: readonly (readonly number[])[],
): Promise<readonly StreamRecord[]> {
  await stream.put(contents.map((bytes) => ({ place: 0n, data: Uint8Array.from(bytes) })));
  return stream.held("shardId-000000000000");
}

export const SHARD = "shardId-000000000000";

/** One invocation, until it returns, throws or dies. `hook` is called around every call of every port. */
export function invoke(
  world: World,
  records: readonly StreamRecord[],
  hook: (point: string, life: Life) => Promise<void> | void = () => {},
  shardId = SHARD,
): Promise<Progress | "died"> {
  const life = new Life();
  const step: Around = async (point) => {
    await life.beat();
    world.now++;
    await hook(point, life);
    await life.beat();
  };
  const read = shardReader({
    states: around(world.states, step),
    reader: around(world.stream, step, ["held"]),
    recordsPerCall: 3,
    indexer: around(memoryIndexer(world.table, life, step), step, ["check"]),
    quarantine: around(world.quarantine, step),
    clock: () => world.now,
    functionTimeoutMillis: FUNCTION_TIMEOUT_MILLIS,
    onNotice: (notice) => world.notices.push(notice),
  });
  return Promise.race([read(shardId, records), life.died]);
}

/** What must hold whenever everything was delivered: says what does not, in words. */
export function violations(world: World, records: readonly StreamRecord[], shardId = SHARD): string[] {
  const faults: string[] = [];
  const plans = world.states.finished.filter((one) => one.shardId === shardId).map(({ plan }) => plan);
  const within = (number: string, first: string, last: string): boolean =>
    compareNumbers(first, number) <= 0 && compareNumbers(number, last) <= 0;
  for (const { sequenceNumber } of records) {
    const holders = plans.filter((plan) => within(sequenceNumber, plan.first, plan.last));
    if (holders.length !== 1) faults.push(`record ${sequenceNumber} lies in ${holders.length} finished plans`);
  }
  plans.forEach((plan, i) => {
    const before = plans[i - 1];
    if (before !== undefined && BigInt(before.last) >= BigInt(plan.first)) faults.push(`plan ${i} overlaps`);
    if (before !== undefined && before.at >= plan.at) faults.push(`plan ${i} is not later than the one before`);
  });
  const expected = new Map(
    plans.flatMap((plan) => {
      const own = records.filter(({ sequenceNumber }) => within(sequenceNumber, plan.first, plan.last));
      const readable = own.filter(({ sequenceNumber }) => !plan.excluded.includes(sequenceNumber));
      return readable.length === 0 ? [] : itemsOf(plan, shardId, readable);
    }),
  );
  const own = [...world.table].filter(([key]) => key.split("/")[1] === shardId);
  for (const [key, body] of own) if (expected.get(key) !== body) faults.push(`${key} is not what its plan says`);
  for (const key of expected.keys()) if (!world.table.has(key)) faults.push(`${key} is missing`);
  for (const number of plans.flatMap((plan) => plan.excluded)) {
    const kept = world.quarantine.kept.get(`${shardId}/${number}`);
    const original = records.find(({ sequenceNumber }) => sequenceNumber === number);
    if (kept === undefined || original === undefined || !Buffer.from(kept.data).equals(original.data))
      faults.push(`record ${number} was set aside but is not whole in quarantine`);
  }
  if (world.states.items.get(shardId)?.plan !== undefined) faults.push("a plan is still open");
  return faults;
}
