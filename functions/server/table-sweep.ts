import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../lib/model/time.ts";
import { PARTITION_KEY, SORT_KEY, TTL } from "../../lib/store/table.ts";

type ItemKey = Record<string, AttributeValue>;

export interface SweepPage {
  /** Hand it to the next call; undefined when the whole table has been seen. */
  readonly next: ItemKey | undefined;
  readonly swept: number;
}

/** Items looked at in one step: what the emulator reads in about 50 ms. */
const PAGE_ITEMS = 100;

const NAMES = { "#pk": PARTITION_KEY, "#sk": SORT_KEY, "#ttl": TTL };

/**
 * One step through the embedded table, which has no TTL of its own: deletes the items of one page that have expired.
 * An item that was written anew since it was read stays.
 */
export async function sweepTablePage(
  dynamo: DynamoDBClient,
  table: string,
  clock: Clock,
  after?: ItemKey,
): Promise<SweepPage> {
  const nowSeconds = Math.floor(clock() / 1_000);
  const page = await dynamo.send(
    new ScanCommand({
      TableName: table,
      Limit: PAGE_ITEMS,
      ProjectionExpression: "#pk, #sk, #ttl",
      ExpressionAttributeNames: NAMES,
      ...(after === undefined ? {} : { ExclusiveStartKey: after }),
    }),
  );
  let swept = 0;
  for (const { [PARTITION_KEY]: pk, [SORT_KEY]: sk, [TTL]: ttl } of page.Items ?? []) {
    if (pk === undefined || sk === undefined || !(Number(ttl?.N) < nowSeconds)) continue;
    if (await deleteExpired(dynamo, table, { [PARTITION_KEY]: pk, [SORT_KEY]: sk }, nowSeconds)) swept++;
  }
  return { next: page.LastEvaluatedKey, swept };
}

async function deleteExpired(
  dynamo: DynamoDBClient,
  table: string,
  key: ItemKey,
  nowSeconds: number,
): Promise<boolean> {
  try {
    await dynamo.send(
      new DeleteItemCommand({
        TableName: table,
        Key: key,
        ConditionExpression: "#ttl < :now",
        ExpressionAttributeNames: { "#ttl": TTL },
        ExpressionAttributeValues: { ":now": { N: String(nowSeconds) } },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
