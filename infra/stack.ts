import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, Billing, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import { CfnEventSourceMapping, FunctionUrlAuthType, InvokeMode } from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { IndexerEnv, IngestEnv, QueryEnv } from "../lib/runtime/env.ts";
import { PARTITION_KEY, SORT_KEY, TTL } from "../lib/store/table.ts";
import { FOREIGN_QUARANTINE_PREFIX } from "../lib/stream/foreign-record.ts";
import { acknowledgeQuarantine, acknowledgeQuarantineWriter } from "./acknowledged.ts";
import { type CodeOf, SkuaFunction } from "./function.ts";
import { addRollup } from "./rollup.ts";
import type { Settings } from "./settings.ts";

/** How long a record stands in the stream: an indexer that is broken may be repaired within this. */
const STREAM_RETENTION_HOURS = 24;

/** Records that could not be indexed are kept for a person to look at. */
const QUARANTINE_DAYS = 30;

/** A plan takes at most half of it (docs/architecture.md). 1,769 MB is one whole CPU. */
export const INDEXER_MEMORY_MEGABYTES = 1769;

export interface SkuaStackProps {
  readonly settings: Settings;
  /** Ready code instead of bundles. */
  readonly codeOf?: CodeOf;
}

type ForeignStream = NonNullable<Settings["foreignStream"]>;

interface IndexerParts {
  readonly id: string;
  readonly stream: Stream;
  readonly table: TableV2;
  readonly quarantine: Bucket;
  /** Of the objects that it may put, as a pattern. */
  readonly keys: string;
  /** Whose spans all are, where others than our ingest write the stream. */
  readonly tenant?: string;
}

/** All of Skua: the stream, the table and the functions between them. */
export class SkuaStack extends Stack {
  private readonly settings: Settings;
  private readonly codeOf: CodeOf | undefined;

  constructor(scope: Construct, id: string, { settings, codeOf }: SkuaStackProps) {
    super(scope, id, { description: "Skua: distributed tracing on Lambda, Kinesis and DynamoDB" });
    this.settings = settings;
    this.codeOf = codeOf;
    const stream = this.stream("Stream", settings.shards);
    const table = this.table();
    const ingest = this.ingest(stream);
    const query = this.query(table);
    const quarantine = this.quarantine();
    this.indexer({ id: "Indexer", stream, table, quarantine, keys: "*" });
    addRollup(this, { ...this.common, table, retentionHours: this.settings.retentionDays * 24 });
    if (settings.foreignStream !== undefined) this.foreign(settings.foreignStream, table, quarantine);
    new CfnOutput(this, "IngestUrl", { value: ingest, description: "Spans go to v1/traces below this" });
    new CfnOutput(this, "QueryUrl", { value: query, description: "Jaeger's API is at api/ below this" });
  }

  private stream(id: string, shardCount: number): Stream {
    return new Stream(this, id, {
      streamMode: StreamMode.PROVISIONED,
      shardCount,
      retentionPeriod: Duration.hours(STREAM_RETENTION_HOURS),
      encryption: StreamEncryption.MANAGED,
      // Whatever it holds is in the table seconds later, and a stream that is left behind costs money every hour.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private table(): TableV2 {
    return new TableV2(this, "Table", {
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.BINARY },
      timeToLiveAttribute: TTL,
      billing: Billing.onDemand(),
      // One that is left behind empties itself as its items expire.
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  private quarantine(): Bucket {
    const bucket = new Bucket(this, "Quarantine", {
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

  /** A stream that others write, with an indexer of its own: what they send can hold nobody up but them. */
  private foreign({ tenant, shards }: ForeignStream, table: TableV2, quarantine: Bucket): void {
    const stream = this.stream("ForeignStream", shards);
    const keys = `${FOREIGN_QUARANTINE_PREFIX}*`;
    this.indexer({ id: "ForeignIndexer", stream, table, quarantine, keys, tenant });
    new CfnOutput(this, "ForeignStreamName", {
      value: stream.streamName,
      description: "Collectors (awskinesis, otlp_proto) and the Kinesis Producer Library put records here",
    });
  }

  /** Returns its URL. */
  private ingest(stream: Stream): string {
    const { lambda } = new SkuaFunction(this, "Ingest", {
      ...this.common,
      name: "ingest",
      memoryMegabytes: 1024,
      timeoutSeconds: 20,
      environment: {
        STREAM_NAME: stream.streamName,
        RETENTION_HOURS: String(this.settings.retentionDays * 24),
      } satisfies IngestEnv,
      may: [allow(stream.streamArn, "kinesis:ListShards", "kinesis:PutRecords")],
    });
    return lambda.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM }).url;
  }

  /** Returns its URL. */
  private query(table: TableV2): string {
    const { lambda } = new SkuaFunction(this, "Query", {
      ...this.common,
      name: "query",
      memoryMegabytes: 1769,
      timeoutSeconds: 60,
      environment: {
        TABLE_NAME: table.tableName,
        RETENTION_HOURS: String(this.settings.retentionDays * 24),
      } satisfies QueryEnv,
      may: [allow(table.tableArn, "dynamodb:BatchGetItem", "dynamodb:Query")],
    });
    const url = lambda.addFunctionUrl({
      authType: FunctionUrlAuthType.AWS_IAM,
      // Traces are sent as they are found, and an answer may be longer than the 6 MB of a buffered one.
      invokeMode: InvokeMode.RESPONSE_STREAM,
    });
    return url.url;
  }

  private indexer({ id, stream, table, quarantine, keys, tenant }: IndexerParts): void {
    const timeoutSeconds = 120;
    const { lambda, role } = new SkuaFunction(this, id, {
      ...this.common,
      name: "indexer",
      memoryMegabytes: INDEXER_MEMORY_MEGABYTES,
      timeoutSeconds,
      environment: {
        STREAM_NAME: stream.streamName,
        TABLE_NAME: table.tableName,
        QUARANTINE_BUCKET: quarantine.bucketName,
        RETENTION_HOURS: String(this.settings.retentionDays * 24),
        TIMEOUT_SECONDS: String(timeoutSeconds),
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
        allow(
          table.tableArn,
          "dynamodb:BatchGetItem",
          "dynamodb:BatchWriteItem",
          "dynamodb:GetItem",
          "dynamodb:PutItem",
        ),
        allow(quarantine.arnForObjects(keys), "s3:PutObject"),
      ],
    });
    acknowledgeQuarantineWriter(quarantine, keys, role);
    // Batches mean nothing to the indexer: it cuts its own plans and repeats them until they are done. So nothing
    // here may skip, split or overtake a record.
    new CfnEventSourceMapping(this, `${stream.node.id}To${id}`, {
      eventSourceArn: stream.streamArn,
      functionName: lambda.functionName,
      startingPosition: "TRIM_HORIZON",
      batchSize: 10_000,
      maximumBatchingWindowInSeconds: this.settings.batchWindowSeconds,
      parallelizationFactor: 1,
      bisectBatchOnFunctionError: false,
      maximumRetryAttempts: -1,
      maximumRecordAgeInSeconds: -1,
    });
  }

  private get common() {
    return { architecture: this.settings.architecture, codeOf: this.codeOf };
  }
}

const allow = (resource: string, ...actions: string[]): PolicyStatement =>
  new PolicyStatement({ actions, resources: [resource] });
