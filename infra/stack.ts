import { CfnOutput, Stack } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { FOREIGN_QUARANTINE_PREFIX } from "../lib/stream/foreign-record.ts";
import { accessBy, addAccessSecret } from "./access.ts";
import type { CodeOf, SkuaFunction } from "./function.ts";
import { addIndexer } from "./indexer.ts";
import { addIngest } from "./ingest.ts";
import { addAlarms } from "./monitoring/alarms.ts";
import { addDashboard } from "./monitoring/dashboard.ts";
import { addOutputs } from "./outputs.ts";
import { addQuery } from "./query.ts";
import { addRollup } from "./rollup.ts";
import type { Settings } from "./settings.ts";
import { addQuarantine, addStream, addTable } from "./stores.ts";

export interface SkuaStackProps {
  readonly settings: Settings;
  /** Ready code instead of bundles. */
  readonly codeOf?: CodeOf;
}

/** All of Skua: the stream, the table and the functions between them. */
export class SkuaStack extends Stack {
  private readonly settings: Settings;
  private readonly codeOf: CodeOf | undefined;

  constructor(scope: Construct, id: string, { settings, codeOf }: SkuaStackProps) {
    super(scope, id, { description: "Skua: distributed tracing on Lambda, Kinesis and DynamoDB" });
    this.settings = settings;
    this.codeOf = codeOf;
    const { ingestAuth, queryAuth, principals, batchWindowSeconds } = settings;
    const stream = addStream(this, "Stream", settings);
    const table = addTable(this, settings);
    const secret = addAccessSecret(this);
    const ingest = addIngest(this, {
      ...this.common,
      ...{ stream, corsOrigins: settings.corsOrigins, strategies: settings.strategies },
      access: accessBy(ingestAuth, principals, secret),
    });
    const query = addQuery(this, { ...this.common, table, access: accessBy(queryAuth, principals, secret) });
    const quarantine = addQuarantine(this);
    const indexer = addIndexer(this, "Indexer", {
      ...this.common,
      batchWindowSeconds,
      stream,
      table,
      quarantine,
      keys: "*",
    });
    const merging = addRollup(this, { ...this.common, table, batchWindowSeconds, alerts: settings.alerts });
    const foreign = this.foreign(table, quarantine);
    const watched = {
      ...{ ingest: ingest.called, query: query.called, ...merging, table },
      indexers: foreign === undefined ? [indexer] : [indexer, foreign],
    };
    addAlarms(this, watched, settings);
    addDashboard(this, watched, settings);
    addOutputs(this, { ingest: ingest.url, query: query.url, ingestAuth });
  }

  /** A stream that others write, with an indexer of its own: what they send can hold nobody up but them. */
  private foreign(table: TableV2, quarantine: Bucket): SkuaFunction<"indexer"> | undefined {
    const { foreignStream, batchWindowSeconds, streamMode, streamRetentionHours } = this.settings;
    if (foreignStream === undefined) return undefined;
    const { tenant, shards } = foreignStream;
    const stream = addStream(this, "ForeignStream", { streamMode, streamRetentionHours, shards });
    const keys = `${FOREIGN_QUARANTINE_PREFIX}*`;
    const indexer = addIndexer(this, "ForeignIndexer", {
      ...this.common,
      ...{ stream, table, quarantine, keys, tenant, batchWindowSeconds },
    });
    new CfnOutput(this, "ForeignStreamName", {
      value: stream.streamName,
      description: "Collectors (awskinesis, otlp_proto) and the Kinesis Producer Library put records here",
    });
    return indexer;
  }

  private get common() {
    const { architecture, retentionDays, logRetentionDays, endpoints } = this.settings;
    return { architecture, logRetentionDays, endpoints, retentionHours: retentionDays * 24, codeOf: this.codeOf };
  }
}
