/**
 * A Kinesis event source mapping as we read AWS's documentation of it ("Using Lambda with Kinesis Data Streams",
 * "Configuring partial batch response", "Retaining discarded batch records"); no emulator has these semantics, and this
 * is our reading of them, not AWS. It polls a real stream through the real client and calls a handler:
 *
 * - A shard's records are delivered in order, one batch at a time; a child shard only after its parents are drained.
 * - A batch ends at `batchSize`, at 6 MB of payload, or `windowMillis` after its first record.
 * - Whatever the handler throws, the same records come again: whole, or with `bisect` in two halves, which does not
 *   count as a retry. With `reportItemFailures` an answer names the first number from which they come again.
 * - After `retries`, or once older than `maxAgeMillis`, the rest of a batch goes to the on-failure destination, as shard
 *   and range, and is skipped. -1 is never, for both.
 * - `parallelization` batches of a shard at a time, those of one partition key never at once.
 * - Everything is delivered at least once: a batch that succeeded may come again, then or beside the next one, and one
 *   that failed may be cut otherwise. Which ones is for `disturb` to say.
 */
import { createHash } from "node:crypto";
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type _Record as SdkRecord,
} from "@aws-sdk/client-kinesis";

export interface EventSourceSettings {
  readonly batchSize: number;
  readonly windowMillis: number;
  readonly bisect: boolean;
  readonly reportItemFailures: boolean;
  /** -1 is without end. */
  readonly retries: number;
  /** -1 is without end. */
  readonly maxAgeMillis: number;
  /** 1 to 10. */
  readonly parallelization: number;
}

/** What may happen to a delivery that was a success, and to the records of one that was not. */
export interface Disturb {
  /** Delivered once more, beside what comes next. */
  readonly isRepeated: () => boolean;
  /** How many records the next delivery of those that failed brings; fewer than there are, or all. */
  readonly recut: (records: number) => number;
}

interface DiscardedRange {
  readonly shardId: string;
  readonly startSequenceNumber: string;
  readonly endSequenceNumber: string;
  readonly batchSize: number;
  /** RetryAttemptsExhausted or RecordAgeExceeded. */
  readonly condition: string;
}

export interface EventSourceOptions {
  readonly client: KinesisClient;
  readonly stream: string;
  readonly settings: EventSourceSettings;
  readonly disturb: Disturb;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Records until which it goes on: numbers of those that were delivered, or discarded. */
  readonly isDone: (seen: ReadonlySet<string>) => boolean;
}

export interface EventSourceReport {
  readonly discarded: readonly DiscardedRange[];
  /** Shards in the order in which their first record was delivered. */
  readonly shards: readonly string[];
  readonly invocations: number;
  readonly failures: number;
  /** Batches that were delivered again though they had succeeded. */
  readonly repeats: number;
}

/** Of a synchronous invocation; records are base64 in it. */
const MAX_PAYLOAD_BYTES = 6_000_000;
const POLL_MILLIS = 20;

interface Polled {
  readonly shardId: string;
  readonly record: SdkRecord & { readonly SequenceNumber: string; readonly Data: Uint8Array };
}

/** Runs it until everything that `isDone` waits for was delivered or discarded, and nothing is under way. */
export async function runEventSource(options: EventSourceOptions): Promise<EventSourceReport> {
  const { client, stream, isDone } = options;
  const report = { discarded: [] as DiscardedRange[], shards: [] as string[], invocations: 0, failures: 0, repeats: 0 };
  const seen = new Set<string>();
  const drained = new Set<string>();
  const repeats: Promise<unknown>[] = [];
  const following = new Map<string, Promise<void>>();
  const fault = Promise.withResolvers<never>();
  while (!isDone(seen)) {
    const { Shards: shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
    const names = new Set(shards.map(({ ShardId }) => ShardId));
    const isDrained = (id: string | undefined) => id === undefined || !names.has(id) || drained.has(id);
    for (const { ShardId: id = "", ParentShardId, AdjacentParentShardId } of shards) {
      if (following.has(id) || !isDrained(ParentShardId) || !isDrained(AdjacentParentShardId)) continue;
      const follow = followShard(id, options, { report, seen, drained, repeats });
      follow.catch(fault.reject);
      following.set(id, follow);
    }
    await Promise.race([fault.promise, new Promise((done) => setTimeout(done, POLL_MILLIS))]);
  }
  await Promise.all(following.values());
  await Promise.all(repeats);
  return report;
}

interface Run {
  readonly report: {
    discarded: DiscardedRange[];
    shards: string[];
    invocations: number;
    failures: number;
    repeats: number;
  };
  readonly seen: Set<string>;
  readonly drained: Set<string>;
  readonly repeats: Promise<unknown>[];
}

/** Until the shard is drained, or all is done. */
async function followShard(shardId: string, options: EventSourceOptions, run: Run): Promise<void> {
  const { client, stream, settings, isDone } = options;
  const start = { StreamName: stream, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" } as const;
  let iterator = (await client.send(new GetShardIteratorCommand(start))).ShardIterator;
  let gathered: Polled[] = [];
  let since = 0;
  while (!isDone(run.seen)) {
    if (iterator !== undefined) {
      if (gathered.length === 0) since = performance.now();
      const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 50 }));
      gathered.push(...(page.Records ?? []).map((record) => polled(shardId, record)));
      iterator = page.NextShardIterator;
    }
    const isFull = gathered.length >= settings.batchSize || payloadOf(gathered) >= MAX_PAYLOAD_BYTES;
    if (
      gathered.length > 0 &&
      (isFull || iterator === undefined || performance.now() - since >= settings.windowMillis)
    ) {
      if (!run.report.shards.includes(shardId)) run.report.shards.push(shardId);
      await deliverAll(gathered, options, run);
      gathered = [];
    }
    if (iterator === undefined && gathered.length === 0) {
      run.drained.add(shardId);
      return;
    }
    await new Promise((done) => setTimeout(done, POLL_MILLIS));
  }
}

const polled = (shardId: string, record: SdkRecord): Polled => ({
  shardId,
  record: { ...record, SequenceNumber: record.SequenceNumber ?? "", Data: record.Data ?? new Uint8Array() },
});

const payloadOf = (records: readonly Polled[]): number =>
  records.reduce((sum, { record }) => sum + Math.ceil((record.Data.length * 4) / 3), 0);

/** Lanes by partition key, each in order, side by side. */
async function deliverAll(records: readonly Polled[], options: EventSourceOptions, run: Run): Promise<void> {
  const { parallelization } = options.settings;
  const lane = ({ record }: Polled) =>
    createHash("md5")
      .update(record.PartitionKey ?? "")
      .digest()
      .readUInt32BE() % parallelization;
  await Promise.all([...Map.groupBy(records, lane).values()].map((own) => deliverLane(own, options, run)));
}

async function deliverLane(records: readonly Polled[], options: EventSourceOptions, run: Run): Promise<void> {
  const { batchSize } = options.settings;
  for (let at = 0; at < records.length; at += batchSize)
    await deliver(records.slice(at, at + batchSize), options, run, 0);
}

/** Again and again until it is a success, or given up. */
async function deliver(batch: readonly Polled[], options: EventSourceOptions, run: Run, tried: number): Promise<void> {
  const { settings, disturb } = options;
  let left = batch;
  for (let tries = tried; left.length > 0; tries++) {
    const given = giveUp(left, tries, settings);
    if (given !== undefined) {
      discard(left, given, run);
      return;
    }
    const now = tries === tried ? left : left.slice(0, Math.max(1, disturb.recut(left.length)));
    const failedFrom = await call(now, options, run);
    if (failedFrom === now.length) {
      if (disturb.isRepeated()) {
        run.report.repeats++;
        run.repeats.push(call(now, options, run));
      }
      left = left.slice(now.length);
      tries = tried - 1;
    } else if (failedFrom === 0 && settings.bisect && now.length > 1) {
      const middle = now.length >>> 1;
      await deliver(now.slice(0, middle), options, run, tries);
      await deliver(now.slice(middle), options, run, tries);
      left = left.slice(now.length);
      tries = tried - 1;
    } else left = left.slice(failedFrom);
  }
}

function giveUp(records: readonly Polled[], tries: number, settings: EventSourceSettings): string | undefined {
  if (settings.retries >= 0 && tries > settings.retries) return "RetryAttemptsExhausted";
  const oldest = records[0]?.record.ApproximateArrivalTimestamp?.getTime() ?? 0;
  if (settings.maxAgeMillis >= 0 && Date.now() - oldest > settings.maxAgeMillis) return "RecordAgeExceeded";
  return undefined;
}

function discard(records: readonly Polled[], condition: string, { report, seen }: Run): void {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return;
  report.discarded.push({
    shardId: first.shardId,
    startSequenceNumber: first.record.SequenceNumber,
    endSequenceNumber: last.record.SequenceNumber,
    batchSize: records.length,
    condition,
  });
  for (const { record } of records) seen.add(record.SequenceNumber);
}

/** One invocation. The place of the first record that has to come again; the number of records when none has to. */
async function call(records: readonly Polled[], options: EventSourceOptions, { report, seen }: Run): Promise<number> {
  report.invocations++;
  try {
    const answer = await options.invoke({ Records: records.map(eventRecord) });
    const failedFrom = options.settings.reportItemFailures ? firstFailure(answer, records) : records.length;
    if (failedFrom < records.length) report.failures++;
    for (const { record } of records.slice(0, failedFrom)) seen.add(record.SequenceNumber);
    return failedFrom;
  } catch {
    report.failures++;
    return 0;
  }
}

/** The lowest number named; a number that is not of the batch, or none at all, is the whole batch. */
function firstFailure(answer: unknown, records: readonly Polled[]): number {
  const failures = (answer as { batchItemFailures?: { itemIdentifier?: string }[] } | null)?.batchItemFailures ?? [];
  const places = failures.map(({ itemIdentifier }) =>
    Math.max(
      0,
      records.findIndex(({ record }) => record.SequenceNumber === itemIdentifier),
    ),
  );
  return Math.min(records.length, ...places);
}

const eventRecord = ({ shardId, record }: Polled) => ({
  eventSource: "aws:kinesis",
  eventVersion: "1.0",
  eventName: "aws:kinesis:record",
  eventID: `${shardId}:${record.SequenceNumber}`,
  awsRegion: "us-east-1",
  kinesis: {
    kinesisSchemaVersion: "1.0",
    partitionKey: record.PartitionKey,
    sequenceNumber: record.SequenceNumber,
    data: Buffer.from(record.Data).toString("base64"),
    approximateArrivalTimestamp: (record.ApproximateArrivalTimestamp?.getTime() ?? 0) / 1000,
  },
});
