import type { Stream } from "aws-cdk-lib/aws-kinesis";
import type { Construct } from "constructs";
import type { IngestEnv } from "../lib/runtime/env.ts";
import type { Access } from "./access.ts";
import { allow } from "./allow.ts";
import { type CommonProps, SkuaFunction, type WithUrl } from "./function.ts";
import { SIZES } from "./sizes.ts";

export interface IngestProps extends CommonProps {
  readonly stream: Stream;
  readonly access: Access;
  readonly corsOrigins: readonly string[];
  /** Path of the strategies file; undefined where every trace is kept. */
  readonly strategies: string | undefined;
}

/** What the strategies file is called beside the code. */
const STRATEGIES_NAME = "strategies.json";

/** Takes spans and puts them into the stream. */
export function addIngest(scope: Construct, props: IngestProps): WithUrl<"ingest"> {
  const { stream, retentionHours, access, corsOrigins, strategies, ...common } = props;
  const ingest = new SkuaFunction(scope, "Ingest", {
    ...common,
    name: "ingest",
    ...SIZES.ingest,
    environment: {
      STREAM_NAME: stream.streamName,
      RETENTION_HOURS: String(retentionHours),
      CORS_ORIGINS: corsOrigins.join(","),
      ...(strategies === undefined ? {} : { STRATEGIES_FILE: STRATEGIES_NAME }),
      ...access.environment,
    } satisfies IngestEnv,
    beside: strategies === undefined ? undefined : { path: strategies, name: STRATEGIES_NAME },
    may: [allow(stream.streamArn, "kinesis:ListShards", "kinesis:PutRecords"), ...access.may],
  });
  const { url } = ingest.lambda.addFunctionUrl({ authType: access.authType });
  return { called: ingest, url };
}
