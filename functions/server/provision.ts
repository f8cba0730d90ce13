import { setTimeout as pause } from "node:timers/promises";
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateStreamCommand, DescribeStreamSummaryCommand, type KinesisClient } from "@aws-sdk/client-kinesis";
import { TTL, tableSchema } from "../../lib/store/table.ts";
import { Usage } from "./usage.ts";

/** A shard takes 1 MB of compressed spans a second, which is more than one machine's indexer reads. */
const SHARDS = 1;

const WAIT_SECONDS = 120;
const FIRST_PAUSE_MILLIS = 20;
const LONGEST_PAUSE_MILLIS = 1_000;

export interface ProvisionParts {
  readonly kinesis: KinesisClient;
  readonly dynamo: DynamoDBClient;
  readonly stream: string;
  readonly table: string;
  readonly isKinesisEmbedded: boolean;
  readonly isDynamoEmbedded: boolean;
}

/** Stream and table, ready for use. Several may do this at once. */
export async function provision(parts: ProvisionParts): Promise<void> {
  const { kinesis, dynamo, stream, table, isKinesisEmbedded, isDynamoEmbedded } = parts;
  const ready = [ensureStream(kinesis, stream), ensureTable(dynamo, table, !isDynamoEmbedded)] as const;
  await Promise.all([
    isKinesisEmbedded ? ready[0] : explained(ready[0], `stream ${stream}`, "AWS_ENDPOINT_URL_KINESIS"),
    isDynamoEmbedded ? ready[1] : explained(ready[1], `table ${table}`, "AWS_ENDPOINT_URL_DYNAMODB"),
  ]);
}

/** What fails at somebody else's endpoint is for whoever named it to put right. */
async function explained(ready: Promise<void>, what: string, variable: string): Promise<void> {
  try {
    await ready;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    throw new Usage(`${what}: ${name}: ${message}; check ${variable}, AWS_REGION and the credentials`, 1);
  }
}

/** Creates the stream if there is none, and waits until it takes records. */
export async function ensureStream(kinesis: KinesisClient, name: string): Promise<void> {
  await untilActive(`stream ${name}`, async () => {
    const answer = await absentAsUndefined(kinesis.send(new DescribeStreamSummaryCommand({ StreamName: name })));
    if (answer !== undefined) return answer.StreamDescriptionSummary?.StreamStatus;
    await unlessInUse(kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: SHARDS })));
    return "CREATING";
  });
}

/** Creates the table if there is none, and waits until it takes items. `hasTtl`: the table deletes what has expired. */
export async function ensureTable(dynamo: DynamoDBClient, name: string, hasTtl: boolean): Promise<void> {
  let isNew = false;
  await untilActive(`table ${name}`, async () => {
    const answer = await absentAsUndefined(dynamo.send(new DescribeTableCommand({ TableName: name })));
    if (answer !== undefined) return answer.Table?.TableStatus;
    await unlessInUse(dynamo.send(new CreateTableCommand({ TableName: name, ...tableSchema() })));
    isNew = true;
    return "CREATING";
  });
  if (!isNew || !hasTtl) return;
  const TimeToLiveSpecification = { AttributeName: TTL, Enabled: true };
  try {
    await dynamo.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
  } catch (error) {
    // An emulator that keeps what has expired: nobody is shown it all the same.
    if (!isNamed(error, "UnknownOperationException")) throw error;
  }
}

async function untilActive(what: string, status: () => Promise<string | undefined>): Promise<void> {
  let waited = 0;
  for (let wait = FIRST_PAUSE_MILLIS; waited < WAIT_SECONDS * 1_000; wait = Math.min(2 * wait, LONGEST_PAUSE_MILLIS)) {
    const now = await status();
    // A stream that is being resharded takes records all the while.
    if (now === "ACTIVE" || now === "UPDATING") return;
    await pause(wait);
    waited += wait;
  }
  throw new Error(`${what} was not active within ${WAIT_SECONDS} s`);
}

async function absentAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNamed(error, "ResourceNotFoundException")) return undefined;
    throw error;
  }
}

/** Another server may have been quicker; then there is one to wait for. */
async function unlessInUse(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!isNamed(error, "ResourceInUseException")) throw error;
  }
}

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;
