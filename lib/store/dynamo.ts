import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { TracingError } from "../model/errors.ts";
import { decodeBase64 } from "../runtime/base64.ts";
import type { Item, ItemQuery, Items, Key, Register, Registers } from "./items.ts";
import { putCommand } from "./put-request.ts";
import { bareAnswer, type WireAttributes } from "./read-answer.ts";
import { BODY, PARTITION_KEY, SORT_KEY, TTL, VERSION } from "./table.ts";

/** Undefined is the SDK's own default: environment, profile, role. */
export interface DynamoOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** How long a call may take. */
  readonly requestMillis?: number;
}

/** A connection is one round trip; what takes longer is better tried again. */
const CONNECT_MILLIS = 1_000;
/** A call of 16 MB, or a slow partition; DynamoDB itself answers in milliseconds. */
const REQUEST_MILLIS = 10_000;
/** Calls at once, over all queries that share the process. */
const MAX_SOCKETS = 64;

/** Every retry is our own: only we know the deadline and the pace. */
export function dynamoClient({ requestMillis = REQUEST_MILLIS, ...options }: DynamoOptions = {}): DynamoDBClient {
  const client = new DynamoDBClient({
    ...options,
    base64Decoder: decodeBase64,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_MILLIS,
      requestTimeout: requestMillis,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: MAX_SOCKETS },
      httpsAgent: { maxSockets: MAX_SOCKETS },
    }),
  });
  // It copies every answer for a log that nobody keeps.
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}

type Attributes = Record<string, AttributeValue>;

export function dynamoItems(client: DynamoDBClient, table: string): Items & Registers {
  return {
    async get(keys, consistent) {
      const command = new BatchGetItemCommand({
        RequestItems: { [table]: { Keys: keys.map(keyAttributes), ConsistentRead: consistent } },
      });
      const answer = bareAnswer(command);
      await told(client.send(command));
      const { Responses, UnprocessedKeys } = answer();
      return {
        items: (Responses?.[table] ?? []).map(readWireItem),
        left: (UnprocessedKeys?.[table]?.Keys ?? []).map(readWireKey),
      };
    },

    async query(query) {
      const command = new QueryCommand(queryInput(table, query));
      const answer = bareAnswer(command);
      await told(client.send(command));
      const { Items, LastEvaluatedKey: last } = answer();
      return {
        items: (Items ?? []).map(readWireItem),
        next: last === undefined ? undefined : readWireKey(last).sk,
      };
    },

    async put(items) {
      const answer = await told(client.send(putCommand(table, items)));
      return (answer.UnprocessedItems?.[table] ?? []).map((request) => readItem(request.PutRequest?.Item ?? {}));
    },

    async load(key) {
      const command = new GetItemCommand({ TableName: table, Key: keyAttributes(key), ConsistentRead: true });
      const found = (await told(client.send(command))).Item;
      if (found === undefined) return undefined;
      return { body: bytesOf(found[BODY]), ttl: numberOf(found[TTL]), version: numberOf(found[VERSION]) };
    },

    async save(key, register) {
      const command = new PutItemCommand({
        TableName: table,
        Item: { ...itemAttributes({ ...key, ...register }), [VERSION]: { N: String(register.version) } },
        ...condition(register),
      });
      try {
        await told(client.send(command));
        return true;
      } catch (error) {
        if (error instanceof TracingError && nameOf(error.cause) === "ConditionalCheckFailedException") return false;
        throw error;
      }
    },
  };
}

const condition = ({ version }: Register) =>
  version === 1
    ? { ConditionExpression: "attribute_not_exists(#p)", ExpressionAttributeNames: { "#p": PARTITION_KEY } }
    : {
        ConditionExpression: "#v = :v",
        ExpressionAttributeNames: { "#v": VERSION },
        ExpressionAttributeValues: { ":v": { N: String(version - 1) } },
      };

function queryInput(table: string, query: ItemQuery): QueryCommandInput {
  const { from, to } = query;
  const bounds = [from === undefined ? undefined : ":from", to === undefined ? undefined : ":to"];
  const condition =
    bounds[0] !== undefined && bounds[1] !== undefined
      ? " AND #s BETWEEN :from AND :to"
      : bounds[0] !== undefined
        ? " AND #s >= :from"
        : bounds[1] !== undefined
          ? " AND #s <= :to"
          : "";
  return {
    TableName: table,
    KeyConditionExpression: `#p = :p${condition}`,
    ExpressionAttributeNames: { "#p": PARTITION_KEY, ...(condition === "" ? {} : { "#s": SORT_KEY }) },
    ExpressionAttributeValues: {
      ":p": { S: query.pk },
      ...(from === undefined ? {} : { ":from": { B: from } }),
      ...(to === undefined ? {} : { ":to": { B: to } }),
    },
    ScanIndexForward: query.descending !== true,
    ConsistentRead: query.consistent,
    ...(query.limit === undefined ? {} : { Limit: query.limit }),
    ...(query.after === undefined ? {} : { ExclusiveStartKey: keyAttributes({ pk: query.pk, sk: query.after }) }),
  };
}

const keyAttributes = (key: Key): Attributes => ({ [PARTITION_KEY]: { S: key.pk }, [SORT_KEY]: { B: key.sk } });

const itemAttributes = (item: Item): Attributes => ({
  ...keyAttributes(item),
  [BODY]: { B: item.body },
  [TTL]: { N: String(item.ttl) },
});

const readItem = (attributes: Attributes): Item => ({
  pk: attributes[PARTITION_KEY]?.S ?? "",
  sk: bytesOf(attributes[SORT_KEY]),
  body: bytesOf(attributes[BODY]),
  ttl: numberOf(attributes[TTL]),
});

const readWireKey = (attributes: WireAttributes): Key => ({
  pk: attributes[PARTITION_KEY]?.S ?? "",
  sk: bytesOf(decoded(attributes[SORT_KEY])),
});

const readWireItem = (attributes: WireAttributes): Item => ({
  ...readWireKey(attributes),
  body: bytesOf(decoded(attributes[BODY])),
  ttl: numberOf(attributes[TTL]),
});

const decoded = (value: WireAttributes[string]) => (value?.B === undefined ? undefined : { B: decodeBase64(value.B) });

function bytesOf(value: Pick<AttributeValue, "B"> | undefined): Uint8Array {
  if (value?.B === undefined) throw new TracingError("internal", "an item of the table lacks a binary attribute");
  return value.B;
}

function numberOf(value: Pick<AttributeValue, "N"> | undefined): number {
  if (value?.N === undefined) throw new TracingError("internal", "an item of the table lacks a number attribute");
  return Number(value.N);
}

const THROTTLED: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
]);

/** The answer, or what went wrong in our own words. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const name = nameOf(cause);
    if (THROTTLED.has(name)) throw new TracingError("throttled", `the table throttles: ${name}`, { cause });
    if (isPassing(cause)) throw new TracingError("unavailable", `the table does not answer: ${name}`, { cause });
    throw new TracingError("internal", `the table refused: ${name}`, { cause });
  }
}

/** A 5xx, or no answer at all: a timeout, a connection that was refused or lost. */
function isPassing(error: unknown): boolean {
  const status =
    error instanceof Error && "$metadata" in error
      ? (error.$metadata as { readonly httpStatusCode?: number }).httpStatusCode
      : undefined;
  if (status !== undefined) return status >= 500;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return nameOf(error) === "TimeoutError" || /^E[A-Z]+$/.test(code);
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : String(error));
