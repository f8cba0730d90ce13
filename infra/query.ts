import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { InvokeMode } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { QueryEnv } from "../lib/runtime/env.ts";
import type { Access } from "./access.ts";
import { allow } from "./allow.ts";
import { type CommonProps, SkuaFunction, type WithUrl } from "./function.ts";
import { SIZES } from "./sizes.ts";

export interface QueryProps extends CommonProps {
  readonly table: TableV2;
  readonly access: Access;
}

/** Answers Jaeger's API from the table. */
export function addQuery(scope: Construct, { table, retentionHours, access, ...common }: QueryProps): WithUrl<"query"> {
  const query = new SkuaFunction(scope, "Query", {
    ...common,
    name: "query",
    ...SIZES.query,
    environment: {
      TABLE_NAME: table.tableName,
      RETENTION_HOURS: String(retentionHours),
      ...access.environment,
    } satisfies QueryEnv,
    may: [allow(table.tableArn, "dynamodb:BatchGetItem", "dynamodb:Query"), ...access.may],
  });
  const { url } = query.lambda.addFunctionUrl({
    authType: access.authType,
    // Traces are sent as they are found, and an answer may be longer than the 6 MB of a buffered one.
    invokeMode: InvokeMode.RESPONSE_STREAM,
  });
  return { called: query, url };
}
