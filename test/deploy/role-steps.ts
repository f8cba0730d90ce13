import { match } from "node:assert/strict";
import { type Aws, assume, aws } from "./aws.ts";
import type { Stage } from "./stage.ts";
import type { Step } from "./tally.ts";

/** What each role may not do: one thing that its function has no business with, tried with its own credentials. */
export function roleSteps(stage: Stage, account: string): Step[] {
  const { admin, door } = stage;
  const denied = async (role: string, attempts: (as: Aws, names: Names) => ReturnType<Aws["json"]>[]) => {
    const names = await stage.resources();
    const as = aws(door, await assume(admin, account, names[role] ?? ""));
    for (const attempt of attempts(as, names)) match((await attempt).text, /AccessDenied/);
  };
  return [
    {
      name: "the rollup role cannot see the stream or the tokens, nor call any function but the merge",
      run: () =>
        denied("RollupRole", (role, { Stream, AccessSecret, IndexerFunction = "" }) => [
          role.json("kinesis", "Kinesis_20131202.ListShards", { StreamName: Stream }),
          role.json("secretsmanager", "secretsmanager.GetSecretValue", { SecretId: AccessSecret }),
          role.call(IndexerFunction),
        ]),
    },
    {
      name: "the merge role cannot see the stream",
      run: () =>
        denied("MergeRole", (role, { Stream }) => [
          role.json("kinesis", "Kinesis_20131202.ListShards", { StreamName: Stream }),
        ]),
    },
    {
      name: "the indexer role cannot put records, see the tokens or query the table",
      run: () =>
        denied("IndexerRole", (role, { Stream, AccessSecret, Table }) => [
          role.json("kinesis", "Kinesis_20131202.PutRecord", { StreamName: Stream, PartitionKey: "p", Data: "AAAA" }),
          role.json("secretsmanager", "secretsmanager.GetSecretValue", { SecretId: AccessSecret }),
          role.json("dynamodb", "DynamoDB_20120810.Query", {
            TableName: Table,
            KeyConditionExpression: "pk = :p",
            ExpressionAttributeValues: { ":p": { S: "C#default" } },
          }),
        ]),
    },
    {
      name: "the query role cannot write to the table or the tokens, or see the stream",
      run: () =>
        denied("QueryRole", (role, { Stream, AccessSecret, Table }) => [
          role.json("dynamodb", "DynamoDB_20120810.PutItem", {
            TableName: Table,
            Item: { pk: { S: "S#default#0" }, sk: { B: "AAAA" } },
          }),
          role.json("secretsmanager", "secretsmanager.PutSecretValue", { SecretId: AccessSecret, SecretString: "{}" }),
          role.json("kinesis", "Kinesis_20131202.ListShards", { StreamName: Stream }),
        ]),
    },
    {
      name: "the ingest role cannot read the stream or the table",
      run: () =>
        denied("IngestRole", (role, { Stream, Table }) => [
          role.json("kinesis", "Kinesis_20131202.GetShardIterator", {
            ...{ StreamName: Stream, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" },
          }),
          role.json("dynamodb", "DynamoDB_20120810.GetItem", {
            TableName: Table,
            Key: { pk: { S: "C#default" }, sk: { B: "AAAA" } },
          }),
        ]),
    },
  ];
}

type Names = Awaited<ReturnType<Stage["resources"]>>;
