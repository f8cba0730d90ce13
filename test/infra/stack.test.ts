import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { TTL, tableSchema } from "../../lib/store/table.ts";
import { FIRST_SYNTH_MILLIS, resourcesOf, synthesize } from "./synth.ts";

let template: Template;
beforeAll(() => {
  template = synthesize();
}, FIRST_SYNTH_MILLIS);

/** CloudFormation's references as one can read them: Fn::GetAtt [Stream790BDEE4, Arn] is Stream.Arn. */
function readable(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(readable).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  if ("Fn::GetAtt" in value && Array.isArray(value["Fn::GetAtt"])) return value["Fn::GetAtt"].map(unhashed).join(".");
  if ("Fn::Join" in value && Array.isArray(value["Fn::Join"])) return value["Fn::Join"][1].map(readable).join("");
  if ("Ref" in value) return unhashed(String(value.Ref));
  return JSON.stringify(value);
}

const unhashed = (id: string): string => id.replace(/[0-9A-F]{8}$/, "");

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** Every role with "effect resource: actions", one line a statement. */
function grants(of = template): Record<string, string[]> {
  const policies = (properties: Readonly<Record<string, unknown>>) =>
    properties.Policies as { PolicyDocument: { Statement: Statement[] } }[];
  return Object.fromEntries(
    resourcesOf(of, "AWS::IAM::Role").map(([id, { Properties }]) => [
      unhashed(id),
      policies(Properties)
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .map(({ Effect, Action, Resource }) => `${Effect} ${readable(Resource)}: ${[Action].flat().join(" ")}`),
    ]),
  );
}

describe("roles", () => {
  test("let each function do what it does and nothing else", () => {
    expect(grants()).toEqual({
      IngestRole: [
        "Allow IngestLogs.Arn: logs:CreateLogStream logs:PutLogEvents",
        "Allow Stream.Arn: kinesis:ListShards kinesis:PutRecords",
      ],
      QueryRole: [
        "Allow QueryLogs.Arn: logs:CreateLogStream logs:PutLogEvents",
        "Allow Table.Arn: dynamodb:BatchGetItem dynamodb:Query",
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

  test("are the only grants: no policy stands beside them but that the clock may call rollup", () => {
    template.resourceCountIs("AWS::IAM::Policy", 0);
    const permissions = resourcesOf(template, "AWS::Lambda::Permission").map(([, { Properties }]) =>
      [Properties.Principal, Properties.Action, Properties.FunctionName, Properties.SourceArn].map(readable),
    );
    expect(permissions).toEqual([
      ["events.amazonaws.com", "lambda:InvokeFunction", "RollupFunction.Arn", "EveryMinute.Arn"],
    ]);
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
    expect(others).toEqual(grants());
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

describe("the functions", () => {
  test("open their URLs to signed requests only", () => {
    const urls = resourcesOf(template, "AWS::Lambda::Url").map(([id, { Properties }]) => [
      unhashed(id),
      Properties.AuthType,
      Properties.InvokeMode,
    ]);
    expect(urls).toEqual([
      ["IngestFunctionFunctionUrl", "AWS_IAM", undefined],
      ["QueryFunctionFunctionUrl", "AWS_IAM", "RESPONSE_STREAM"],
    ]);
  });

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

test("the stack tells where spans go and where they are read", () => {
  const outputs = Object.entries(template.findOutputs("*")).map(([name, { Value }]) => [name, readable(Value)]);
  expect(outputs).toEqual([
    ["IngestUrl", "IngestFunctionFunctionUrl.FunctionUrl"],
    ["QueryUrl", "QueryFunctionFunctionUrl.FunctionUrl"],
  ]);
});
