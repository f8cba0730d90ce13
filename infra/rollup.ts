import { Duration } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { Construct } from "constructs";
import type { Alert } from "../lib/runtime/alerts.ts";
import type { MergeEnv, RollupEnv } from "../lib/runtime/env.ts";
import { allow } from "./allow.ts";
import { type CommonProps, SkuaFunction } from "./function.ts";
import { SIZES } from "./sizes.ts";

export interface RollupProps extends CommonProps {
  readonly table: TableV2;
  readonly alerts: readonly Alert[];
  readonly batchWindowSeconds: number;
}

interface Rollup {
  readonly rollup: SkuaFunction<"rollup">;
  readonly merge: SkuaFunction<"merge">;
}

/** Once a minute finds what is to be merged; each merge is a call of a function of its own. */
export function addRollup(
  scope: Construct,
  { table, retentionHours, alerts, batchWindowSeconds, ...common }: RollupProps,
): Rollup {
  const merge = new SkuaFunction(scope, "Merge", {
    ...common,
    name: "merge",
    ...SIZES.merge,
    environment: {
      TABLE_NAME: table.tableName,
      RETENTION_HOURS: String(retentionHours),
      TIMEOUT_SECONDS: String(SIZES.merge.timeoutSeconds),
    } satisfies MergeEnv,
    may: [
      allow(
        table.tableArn,
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
      ),
    ],
  });
  const rollup = new SkuaFunction(scope, "Rollup", {
    ...common,
    name: "rollup",
    ...SIZES.rollup,
    environment: {
      TABLE_NAME: table.tableName,
      RETENTION_HOURS: String(retentionHours),
      ALERTS: JSON.stringify(alerts),
      BATCH_WINDOW_SECONDS: String(batchWindowSeconds),
      MERGE_FUNCTION: merge.lambda.functionName,
      MERGE_SECONDS: String(SIZES.merge.timeoutSeconds),
    } satisfies RollupEnv,
    may: [
      allow(table.tableArn, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
      allow(merge.lambda.functionArn, "lambda:InvokeFunction"),
    ],
  });
  new Rule(scope, "EveryMinute", {
    schedule: Schedule.rate(Duration.minutes(1)),
    // The next minute comes anyway.
    targets: [new LambdaFunction(rollup.lambda, { retryAttempts: 0 })],
  });
  return { rollup, merge };
}
