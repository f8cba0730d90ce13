import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { PARTITION_KEY, SORT_KEY, TTL } from "../lib/store/table.ts";
import { acknowledgeQuarantine } from "./acknowledged.ts";
import type { Settings } from "./settings.ts";

/** Records that could not be indexed are kept for a person to look at. */
const QUARANTINE_DAYS = 30;

export type StreamSettings = Pick<Settings, "streamMode" | "streamRetentionHours" | "shards">;

export function addStream(scope: Construct, id: string, settings: StreamSettings): Stream {
  const { streamMode, streamRetentionHours, shards } = settings;
  const capacity =
    streamMode === "on-demand"
      ? { streamMode: StreamMode.ON_DEMAND }
      : { streamMode: StreamMode.PROVISIONED, shardCount: shards };
  return new Stream(scope, id, {
    ...capacity,
    retentionPeriod: Duration.hours(streamRetentionHours),
    encryption: StreamEncryption.MANAGED,
    // Whatever it holds is in the table seconds later, and a stream that is left behind costs money every hour.
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

export type TableSettings = Pick<Settings, "removalPolicy" | "warmThroughput" | "mostWriteUnits">;

export function addTable(scope: Construct, settings: TableSettings): TableV2 {
  const { removalPolicy, warmThroughput: warm, mostWriteUnits } = settings;
  return new TableV2(scope, "Table", {
    partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
    sortKey: { name: SORT_KEY, type: AttributeType.BINARY },
    timeToLiveAttribute: TTL,
    billing: Billing.onDemand(mostWriteUnits === undefined ? {} : { maxWriteRequestUnits: mostWriteUnits }),
    ...(warm === undefined
      ? {}
      : { warmThroughput: { readUnitsPerSecond: warm.reads, writeUnitsPerSecond: warm.writes } }),
    // One that is left behind empties itself as its items expire.
    removalPolicy: removalPolicy === "retain" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
}

/** Never deleted with the stack: a bucket that holds something cannot be, and this one forgets by itself. */
export function addQuarantine(scope: Construct): Bucket {
  const bucket = new Bucket(scope, "Quarantine", {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [
      { expiration: Duration.days(QUARANTINE_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  acknowledgeQuarantine(bucket);
  return bucket;
}
