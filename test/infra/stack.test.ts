import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { TTL, tableSchema } from "../../lib/store/table.ts";
import { FIRST_SYNTH_MILLIS, grants, readable, resourcesOf, synthesize, unhashed } from "./synth.ts";

let template: Template;
beforeAll(() => {
  template = synthesize();
}, FIRST_SYNTH_MILLIS);

describe("roles", () => {
  test("let each function do what it does and nothing else", () => {
    expect(grants(template)).toEqual({
      IngestRole: [
        "Allow IngestLogs.Arn: logs:CreateLogStream logs:PutLogEvents",
        "Allow Stream.Arn: kinesis:ListShards kinesis:PutRecords",
        "Allow AccessSecret.Id: secretsmanager:GetSecretValue",
      ],
      QueryRole: [
        "Allow QueryLogs.Arn: logs:CreateLogStream logs:PutLogEvents",
        "Allow Table.Arn: dynamodb:BatchGetItem dynamodb:Query",
        "Allow AccessSecret.Id: secretsmanager:GetSecretValue",
      ],
      IndexerRole: [
        "Allow IndexerLogs.Arn: logs:CreateLogStream logs:PutLogEvents",
        "Allow Stream.Arn: kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards kinesis:ListStreams",
        "Allow Table.Arn: dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:GetItem dynamodb:PutItem",
        "Allow Quarantine.Arn/*: s3:PutObject",
      ],
      RollupRole: [
        "Allow RollupLogs.Arn: logs:CreateLogStream logs:PutLogEvents",
        "Allow Table.Arn: dynamodb:GetItem dynamodb:PutItem dynamodb:Query",
        "Allow MergeFunction.Arn: lambda:InvokeFunction",
      ],
      MergeRole: [
        "Allow MergeLogs.Arn: logs:CreateLogStream logs:PutLogEvents",
        "Allow Table.Arn: dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query",
      ],
    });
  });

  test("name every action in full, and only Lambda takes them on", () => {
    for (const [, { Properties }] of resourcesOf(template, "AWS::IAM::Role")) {
      expect(JSON.stringify(Properties)).not.toMatch(/"Action":\[?[^\]]*\*/);
      expect(Properties).not.toHaveProperty("ManagedPolicyArns");
      expect(JSON.stringify(Properties.AssumeRolePolicyDocument)).toContain('"Service":"lambda.amazonaws.com"');
    }
  });

  test("are the only grants: no policy stands beside them but that the clock may call rollup and anyone the URLs", () => {
    template.resourceCountIs("AWS::IAM::Policy", 0);
    const permissions = resourcesOf(template, "AWS::Lambda::Permission").map(([, { Properties }]) =>
      [Properties.Principal, Properties.Action, Properties.FunctionName, Properties.SourceArn].map(readable),
    );
    expect(permissions).toEqual([
      ["*", "lambda:InvokeFunctionUrl", "IngestFunction.Arn", "undefined"],
      ["*", "lambda:InvokeFunction", "IngestFunction.Arn", "undefined"],
      ["*", "lambda:InvokeFunctionUrl", "QueryFunction.Arn", "undefined"],
      ["*", "lambda:InvokeFunction", "QueryFunction.Arn", "undefined"],
      ["events.amazonaws.com", "lambda:InvokeFunction", "RollupFunction.Arn", "EveryMinute.Arn"],
    ]);
  });

  test("let anyone call a function through its URL alone, and only where the URL is not signed for", () => {
    for (const [, { Properties }] of resourcesOf(template, "AWS::Lambda::Permission")) {
      if (Properties.Principal !== "*") continue;
      if (Properties.Action === "lambda:InvokeFunctionUrl") expect(Properties.FunctionUrlAuthType).toBe("NONE");
      else expect(Properties.InvokedViaFunctionUrl).toBe(true);
    }
    const signed = synthesize({ "skua:ingestAuth": "iam", "skua:queryAuth": "iam" });
    expect(resourcesOf(signed, "AWS::Lambda::Permission")).toHaveLength(1);
  });
});

test("rollup is called once a minute, and not again for a minute that failed", () => {
  const [[, rule] = []] = resourcesOf(template, "AWS::Events::Rule");
  const { ScheduleExpression, State, Targets } = rule?.Properties ?? {};
  expect([ScheduleExpression, State]).toEqual(["rate(1 minute)", "ENABLED"]);
  expect(Targets).toMatchObject([{ RetryPolicy: { MaximumRetryAttempts: 0 } }]);
});

/** Every event source mapping, by "stream → function". */
const mappings = (of: Template): Record<string, unknown> =>
  Object.fromEntries(
    resourcesOf(of, "AWS::Lambda::EventSourceMapping").map(([, { Properties }]) => {
      const { EventSourceArn, FunctionName, ...rest } = Properties;
      return [`${readable(EventSourceArn)} → ${readable(FunctionName)}`, rest];
    }),
  );

const EVERY_RECORD = {
  StartingPosition: "TRIM_HORIZON",
  BatchSize: 10_000,
  MaximumBatchingWindowInSeconds: 5,
  ParallelizationFactor: 1,
  BisectBatchOnFunctionError: false,
  MaximumRetryAttempts: -1,
  MaximumRecordAgeInSeconds: -1,
};

describe("the event source mapping", () => {
  test("never skips, splits or overtakes a record", () => {
    expect(mappings(template)).toEqual({ "Stream.Arn → IndexerFunction": EVERY_RECORD });
  });
});

describe("a foreign stream", () => {
  let foreign: Template;
  beforeAll(() => {
    foreign = synthesize({ "skua:foreignStream": '{"tenant":"acme","shards":2}' });
  }, FIRST_SYNTH_MILLIS);

  test("is there only when it is asked for", () => {
    template.resourceCountIs("AWS::Kinesis::Stream", 1);
    foreign.resourceCountIs("AWS::Kinesis::Stream", 2);
    foreign.hasResourceProperties("AWS::Kinesis::Stream", {
      ShardCount: 2,
      StreamEncryption: { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" },
    });
    expect(readable(foreign.findOutputs("ForeignStreamName").ForeignStreamName?.Value)).toBe("ForeignStream");
  });

  test("is read as ours is, by an indexer that knows whose spans they are", () => {
    expect(mappings(foreign)).toEqual({
      "Stream.Arn → IndexerFunction": EVERY_RECORD,
      "ForeignStream.Arn → ForeignIndexerFunction": EVERY_RECORD,
    });
    const tenants = resourcesOf(foreign, "AWS::Lambda::Function").map(([id, { Properties }]) => {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      return [unhashed(id), Variables.FOREIGN_TENANT, readable(Variables.STREAM_NAME)];
    });
    expect(tenants).toContainEqual(["ForeignIndexerFunction", "acme", "ForeignStream"]);
    expect(tenants).toContainEqual(["IndexerFunction", undefined, "Stream"]);
  });

  test("changes nobody else's grants, and its indexer may read it alone and set aside in a folder of its own", () => {
    const { ForeignIndexerRole, ...others } = grants(foreign);
    expect(others).toEqual(grants(template));
    const own = others.IndexerRole?.map((grant) =>
      grant
        .replace("IndexerLogs.Arn", "ForeignIndexerLogs.Arn")
        .replace("Stream.Arn", "ForeignStream.Arn")
        .replace("Quarantine.Arn/*", "Quarantine.Arn/foreign/*"),
    );
    expect(ForeignIndexerRole).toEqual(own);
    expect(ForeignIndexerRole).toContain("Allow Quarantine.Arn/foreign/*: s3:PutObject");
  });
});

describe("the table", () => {
  test("has the keys that the store writes, and expires items by the attribute that the store writes", () => {
    template.hasResourceProperties("AWS::DynamoDB::GlobalTable", {
      ...tableSchema(),
      TimeToLiveSpecification: { AttributeName: TTL, Enabled: true },
    });
  });

  test("has no index and no transaction that would cost twice", () => {
    const [[, table] = []] = resourcesOf(template, "AWS::DynamoDB::GlobalTable");
    expect(table?.Properties).not.toHaveProperty("GlobalSecondaryIndexes");
    expect(table?.Properties).not.toHaveProperty("LocalSecondaryIndexes");
  });
});

describe("what keeps data", () => {
  test("keeps its logical id: with another, an upgrade would begin with an empty one", () => {
    const types = [
      "AWS::DynamoDB::GlobalTable",
      "AWS::Kinesis::Stream",
      "AWS::S3::Bucket",
      "AWS::SecretsManager::Secret",
    ];
    expect(types.flatMap((type) => resourcesOf(template, type).map(([id]) => id))).toEqual([
      "TableCD117FA1",
      "Stream790BDEE4",
      "Quarantine23FF09FE",
      "AccessSecret",
    ]);
  });

  test.each([
    ["AWS::DynamoDB::GlobalTable", "TableName"],
    ["AWS::Kinesis::Stream", "Name"],
    ["AWS::S3::Bucket", "BucketName"],
    ["AWS::Logs::LogGroup", "LogGroupName"],
  ])("%s has no name of its own, so that it can be replaced and stand twice in an account", (type, property) => {
    const resources = resourcesOf(template, type);
    expect(resources).not.toEqual([]);
    for (const [, { Properties }] of resources) expect(Properties).not.toHaveProperty(property);
  });

  test("the quarantine is private, encrypted on the way, and forgets after 30 days", () => {
    template.hasResourceProperties("AWS::S3::Bucket", {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30, Status: "Enabled" }] },
    });
    expect(JSON.stringify(template.findResources("AWS::S3::BucketPolicy"))).toContain(
      '"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"',
    );
  });

  test("the stream is encrypted, and has as many shards as are asked for", () => {
    synthesize({ "skua:shards": "3" }).hasResourceProperties("AWS::Kinesis::Stream", {
      ShardCount: 3,
      StreamModeDetails: { StreamMode: "PROVISIONED" },
      StreamEncryption: { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" },
    });
  });
});

describe("what a deployment may choose", () => {
  test("is a stream that grows by itself, and how long it holds records", () => {
    const on = synthesize({ "skua:streamMode": "on-demand", "skua:streamRetentionHours": "168" });
    const [[, stream] = []] = resourcesOf(on, "AWS::Kinesis::Stream");
    expect(stream?.Properties).toMatchObject({
      StreamModeDetails: { StreamMode: "ON_DEMAND" },
      RetentionPeriodHours: 168,
    });
    expect(stream?.Properties).not.toHaveProperty("ShardCount");
  });

  test("is a table that is ready for more, writes no more than so much, and goes with the stack", () => {
    const context = {
      "skua:warmThroughput": '{"reads":20000,"writes":8000}',
      "skua:mostWriteUnits": "500",
      "skua:removalPolicy": "destroy",
    };
    const of = synthesize(context);
    of.hasResource("AWS::DynamoDB::GlobalTable", {
      DeletionPolicy: "Delete",
      Properties: {
        WarmThroughput: { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 8_000 },
        WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 500 },
      },
    });
    template.hasResource("AWS::DynamoDB::GlobalTable", { DeletionPolicy: "Retain" });
  });

  test("is how long logs are kept", () => {
    const logs = resourcesOf(synthesize({ "skua:logRetentionDays": "3" }), "AWS::Logs::LogGroup");
    expect(new Set(logs.map(([, { Properties }]) => Properties.RetentionInDays))).toEqual(new Set([3]));
  });

  test("is by whom spans are sent: where they are signed for, no SDK is told to send them", () => {
    expect(synthesize({ "skua:ingestAuth": "iam" }).findOutputs("SdkEnvironment")).toEqual({});
  });
});

describe("the functions", () => {
  test("run on Node 24 and log to their own group", () => {
    const functions = resourcesOf(template, "AWS::Lambda::Function");
    expect(functions).toHaveLength(5);
    for (const [id, { Properties }] of functions) {
      const { Runtime, Architectures, LoggingConfig } = Properties as { LoggingConfig: { LogGroup: unknown } } & Record<
        string,
        unknown
      >;
      const logs = unhashed(id).replace("Function", "Logs");
      expect([Runtime, Architectures, readable(LoggingConfig.LogGroup)]).toEqual(["nodejs24.x", ["arm64"], logs]);
    }
  });

  test("run on x86 where that is asked for", () => {
    const x86 = synthesize({ "skua:architecture": "x86_64" });
    for (const [, { Properties }] of resourcesOf(x86, "AWS::Lambda::Function"))
      expect(Properties.Architectures).toEqual(["x86_64"]);
  });

  test("the indexer knows its own timeout", () => {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Timeout: 120,
      Environment: { Variables: { TIMEOUT_SECONDS: "120" } },
    });
  });
});

test("functions call AWS, or whom they are told to call in its place", () => {
  const variables = (of: Template): string[] =>
    resourcesOf(of, "AWS::Lambda::Function").map(([, { Properties }]) => JSON.stringify(Properties.Environment));
  for (const text of variables(template)) expect(text).not.toContain("AWS_ENDPOINT");
  const elsewhere = synthesize({ "skua:endpoints": { kinesis: "http://127.0.0.1:4567", s3: "http://127.0.0.1:9000" } });
  for (const text of variables(elsewhere)) {
    expect(text).toContain('"AWS_ENDPOINT_URL_KINESIS":"http://127.0.0.1:4567"');
    expect(text).toContain('"AWS_ENDPOINT_URL_S3":"http://127.0.0.1:9000"');
  }
});

test("the stack tells where spans go and where they are read", () => {
  const outputs = Object.entries(template.findOutputs("*"))
    .map(([name, { Value }]) => [name, readable(Value)])
    .toSorted();
  expect(outputs).toEqual([
    [
      "Agent",
      "npm run --silent agents -- --mode daemonset --endpoint IngestFunctionFunctionUrl.FunctionUrl | kubectl apply -f -",
    ],
    ["FirstToken", expect.anything()],
    ["IndexerReplay", "npm run replay -- --function IndexerFunction"],
    ["IngestUrl", "IngestFunctionFunctionUrl.FunctionUrl"],
    ["QueryUrl", "QueryFunctionFunctionUrl.FunctionUrl"],
    [
      "SdkEnvironment",
      "OTEL_EXPORTER_OTLP_ENDPOINT=IngestFunctionFunctionUrl.FunctionUrl OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN",
    ],
  ]);
});
