import {
  DescribeStreamSummaryCommand,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  type KinesisClientConfig,
  ListShardsCommand,
  type ListShardsCommandOutput,
  PutRecordsCommand,
  type PutRecordsResultEntry,
  type _Record as SdkRecord,
  type Shard as SdkShard,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { TracingError } from "../model/errors.ts";
import { decodeBase64 } from "../runtime/base64.ts";
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
} from "./port.ts";
import { PARTITION_KEY } from "./record.ts";

/** A connection inside one region takes milliseconds; what takes longer is better tried again. */
const CONNECT_TIMEOUT_MILLIS = 1_000;
/** Ten megabytes down over a busy link. */
const REQUEST_TIMEOUT_MILLIS = 10_000;
/**
 * Five megabytes up. A request asks for the shards and puts, one after the other, and its last call may begin as its
 * budget ends (PUT_BUDGET_MILLIS): it is told to come back before its agent, or the function itself, gives up.
 */
const PUT_TIMEOUT_MILLIS = 5_000;

export interface KinesisOptions extends Pick<KinesisClientConfig, "region" | "endpoint" | "credentials"> {
  /** How long a call may take. */
  readonly requestMillis?: number;
}

/** For reading: the SDK repeats what fails. */
export const kinesisClient = (options: KinesisOptions = {}): KinesisClient => clientOf(options);

/**
 * For {@link kinesisWriter}, which makes one attempt: only its caller knows the budget, and a repetition behind its back
 * would put records twice that it then puts a third time.
 */
export const kinesisPutClient = (options: KinesisOptions = {}): KinesisClient =>
  clientOf({ requestMillis: PUT_TIMEOUT_MILLIS, ...options, maxAttempts: 1 });

/**
 * The one place where a Kinesis client is made. HTTP/1.1, though the SDK's own choice is HTTP/2: no emulator speaks it
 * without TLS, and those that check signatures refuse it with TLS.
 */
const clientOf = ({
  requestMillis = REQUEST_TIMEOUT_MILLIS,
  ...options
}: KinesisOptions & Pick<KinesisClientConfig, "maxAttempts">): KinesisClient =>
  new KinesisClient({
    ...options,
    base64Decoder: decodeBase64,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_TIMEOUT_MILLIS,
      requestTimeout: requestMillis,
      throwOnRequestTimeout: true,
    }),
  });

export const kinesisWriter = (client: KinesisClient, streamName: string): StreamWriter => ({
  shards: () => listShards(client, streamName),
  put: (entries) => putRecords(client, streamName, entries),
});

export const kinesisReader = (client: KinesisClient, streamName: string): StreamReader => ({
  iterator: (shardId, position) => getIterator(client, streamName, shardId, position),
  records: (iterator, limit) => translated(() => getRecords(client, iterator, limit)),
});

export const kinesisInfo = (client: KinesisClient, streamName: string): StreamInfo => ({
  shards: () => listShards(client, streamName),
  describe: () => describe(client, streamName),
});

async function putRecords(
  client: KinesisClient,
  streamName: string,
  entries: readonly Entry[],
): Promise<readonly PutResult[]> {
  const command = new PutRecordsCommand({
    StreamName: streamName,
    Records: entries.map(({ place, data }) => ({
      Data: data,
      PartitionKey: PARTITION_KEY,
      ExplicitHashKey: place.toString(),
    })),
  });
  const { Records: results = [] } = await translated(() => client.send(command));
  return entries.map((_, i) => putResult(results[i]));
}

async function getIterator(
  client: KinesisClient,
  streamName: string,
  shardId: string,
  position: Position,
): Promise<string> {
  const command = new GetShardIteratorCommand({ StreamName: streamName, ShardId: shardId, ...startOf(position) });
  const { ShardIterator: iterator } = await translated(() => client.send(command));
  return required(iterator, "GetShardIterator's ShardIterator");
}

async function describe(client: KinesisClient, streamName: string): ReturnType<StreamInfo["describe"]> {
  const command = new DescribeStreamSummaryCommand({ StreamName: streamName });
  const { StreamDescriptionSummary: summary } = await translated(() => client.send(command));
  const created = required(summary?.StreamCreationTimestamp, "StreamCreationTimestamp");
  const hours = required(summary?.RetentionPeriodHours, "RetentionPeriodHours");
  return { identity: `${streamName}/${created.getTime()}`, retentionSeconds: hours * 3600 };
}

async function listShards(client: KinesisClient, streamName: string): Promise<readonly Shard[]> {
  const shards: Shard[] = [];
  let token: string | undefined;
  do {
    // The stream's name and a token exclude each other.
    const command = new ListShardsCommand(token === undefined ? { StreamName: streamName } : { NextToken: token });
    const page: ListShardsCommandOutput = await translated(() => client.send(command));
    for (const shard of page.Shards ?? []) shards.push(toShard(shard));
    token = page.NextToken;
  } while (token !== undefined);
  return shards;
}

const toShard = (shard: SdkShard): Shard => ({
  id: required(shard.ShardId, "ShardId"),
  parentIds: [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined),
  start: BigInt(required(shard.HashKeyRange?.StartingHashKey, "StartingHashKey")),
  end: BigInt(required(shard.HashKeyRange?.EndingHashKey, "EndingHashKey")),
  isOpen: shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
});

function putResult(result: PutRecordsResultEntry | undefined): PutResult {
  if (result?.ShardId !== undefined && result.SequenceNumber !== undefined)
    return { ok: true, shardId: result.ShardId, sequenceNumber: result.SequenceNumber };
  const code = result?.ErrorCode ?? "no result";
  return {
    ok: false,
    reason: code === "ProvisionedThroughputExceededException" ? "throttled" : "failed",
    message: `${code}: ${result?.ErrorMessage ?? ""}`,
  };
}

function startOf(
  position: Position,
): Pick<GetShardIteratorCommand["input"], "ShardIteratorType" | "StartingSequenceNumber"> {
  if ("from" in position) return { ShardIteratorType: "TRIM_HORIZON" };
  if ("at" in position) return { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: position.at };
  return { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: position.after };
}

async function getRecords(client: KinesisClient, iterator: string, limit: number): Promise<RecordsPage | undefined> {
  try {
    const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }));
    return {
      records: (page.Records ?? []).map(toRecord),
      next: page.NextShardIterator,
      behindMillis: page.MillisBehindLatest ?? 0,
    };
  } catch (error) {
    if (error instanceof ExpiredIteratorException) return undefined;
    throw error;
  }
}

const toRecord = (record: SdkRecord): StreamRecord => ({
  sequenceNumber: required(record.SequenceNumber, "SequenceNumber"),
  data: required(record.Data, "Data"),
  arrivedMillis: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
});

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TracingError("unavailable", `Kinesis answered without ${name}`);
  return value;
}

const THROTTLES = new Set([
  "ProvisionedThroughputExceededException",
  "LimitExceededException",
  "KMSThrottlingException",
  "ThrottlingException",
]);

/** The SDK's faults in our words. */
async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof TracingError) throw cause;
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
    const text = `Kinesis: ${name}: ${message}`;
    if (THROTTLES.has(name)) throw new TracingError("throttled", text, { cause, retryAfterSeconds: 1 });
    if (name === "ResourceNotFoundException") throw new TracingError("not_found", text, { cause });
    const status = statusOf(cause);
    // No status: the answer never came.
    if (status === undefined || status >= 500)
      throw new TracingError("unavailable", text, { cause, retryAfterSeconds: 1 });
    throw new TracingError("internal", text, { cause });
  }
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("$metadata" in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}
