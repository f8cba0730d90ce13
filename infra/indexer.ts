import { CfnOutput } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Stream } from "aws-cdk-lib/aws-kinesis";
import { CfnEventSourceMapping } from "aws-cdk-lib/aws-lambda";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { IndexerEnv } from "../lib/runtime/env.ts";
import { acknowledgeQuarantineWriter } from "./acknowledged.ts";
import { allow } from "./allow.ts";
import { type CommonProps, SkuaFunction } from "./function.ts";
import { SIZES } from "./sizes.ts";

export interface IndexerProps extends CommonProps {
  readonly stream: Stream;
  readonly table: TableV2;
  readonly quarantine: Bucket;
  /** Of the objects that it may put, as a pattern. */
  readonly keys: string;
  /** How long the event source waits for company. */
  readonly batchWindowSeconds: number;
  /** Whose spans all are, where others than our ingest write the stream. */
  readonly tenant?: string;
}

/** Reads a stream and writes the table. */
export function addIndexer(scope: Construct, id: string, props: IndexerProps): SkuaFunction<"indexer"> {
  const { stream, table, quarantine, keys, retentionHours, batchWindowSeconds, tenant, ...common } = props;
  const indexer = new SkuaFunction(scope, id, {
    ...common,
    name: "indexer",
    ...SIZES.indexer,
    environment: {
      STREAM_NAME: stream.streamName,
      TABLE_NAME: table.tableName,
      QUARANTINE_BUCKET: quarantine.bucketName,
      RETENTION_HOURS: String(retentionHours),
      TIMEOUT_SECONDS: String(SIZES.indexer.timeoutSeconds),
      ...(tenant === undefined ? {} : { FOREIGN_TENANT: tenant }),
    } satisfies IndexerEnv,
    may: [
      allow(
        stream.streamArn,
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreams",
      ),
      allow(table.tableArn, "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:PutItem"),
      allow(quarantine.arnForObjects(keys), "s3:PutObject"),
    ],
  });
  acknowledgeQuarantineWriter(quarantine, keys, indexer.role);
  // Batches mean nothing to the indexer: it cuts its own plans and repeats them until they are done. So nothing
  // here may skip, split or overtake a record.
  new CfnEventSourceMapping(scope, `${stream.node.id}To${id}`, {
    eventSourceArn: stream.streamArn,
    functionName: indexer.lambda.functionName,
    startingPosition: "TRIM_HORIZON",
    batchSize: 10_000,
    maximumBatchingWindowInSeconds: batchWindowSeconds,
    parallelizationFactor: 1,
    bisectBatchOnFunctionError: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
  });
  new CfnOutput(scope, `${id}Replay`, {
    value: `npm run replay -- --function ${indexer.lambda.functionName}`,
    description: "Says what of the quarantine can be read by now; with --yes it is indexed",
  });
  return indexer;
}
