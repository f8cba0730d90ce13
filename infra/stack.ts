import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, Billing, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { PARTITION_KEY, SORT_KEY, TTL } from "../lib/store/table.ts";
import { FOREIGN_QUARANTINE_PREFIX } from "../lib/stream/foreign-record.ts";
import { accessBy, addAccessSecret } from "./access.ts";
import { acknowledgeQuarantine } from "./acknowledged.ts";
import type { CodeOf } from "./function.ts";
import { addIndexer } from "./indexer.ts";
import { addIngest } from "./ingest.ts";
import { addQuery } from "./query.ts";
import { addRollup } from "./rollup.ts";
import type { Settings } from "./settings.ts";

/** How long a record stands in the stream: an indexer that is broken may be repaired within this. */
const STREAM_RETENTION_HOURS = 24;

/** Records that could not be indexed are kept for a person to look at. */
const QUARANTINE_DAYS = 30;

export interface SkuaStackProps {
  readonly settings: Settings;
  /** Ready code instead of bundles. */
  readonly codeOf?: CodeOf;
}

type ForeignStream = NonNullable<Settings["foreignStream"]>;

/** All of Skua: the stream, the table and the functions between them. */
export class SkuaStack extends Stack {
  private readonly settings: Settings;
  private readonly codeOf: CodeOf | undefined;

  constructor(scope: Construct, id: string, { settings, codeOf }: SkuaStackProps) {
    super(scope, id, { description: "Skua: distributed tracing on Lambda, Kinesis and DynamoDB" });
    this.settings = settings;
    this.codeOf = codeOf;
    const { ingestAuth, queryAuth, principals, corsOrigins, strategies } = settings;
    const stream = this.stream("Stream", settings.shards);
    const table = this.table();
    const secret = addAccessSecret(this);
    const ingest = addIngest(this, {
      ...this.common,
      ...{ stream, corsOrigins, strategies },
      access: accessBy(ingestAuth, principals, secret),
    });
    const query = addQuery(this, { ...this.common, table, access: accessBy(queryAuth, principals, secret) });
    const quarantine = this.quarantine();
    const { batchWindowSeconds } = settings;
    addIndexer(this, "Indexer", { ...this.common, batchWindowSeconds, stream, table, quarantine, keys: "*" });
    addRollup(this, { ...this.common, table });
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
    const { batchWindowSeconds } = this.settings;
    addIndexer(this, "ForeignIndexer", {
      ...this.common,
      ...{ stream, table, quarantine, keys, tenant, batchWindowSeconds },
    });
    new CfnOutput(this, "ForeignStreamName", {
      value: stream.streamName,
      description: "Collectors (awskinesis, otlp_proto) and the Kinesis Producer Library put records here",
    });
  }

  private get common() {
    const { architecture, retentionDays } = this.settings;
    return { architecture, retentionHours: retentionDays * 24, codeOf: this.codeOf };
  }
}
