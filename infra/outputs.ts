import { Aws, CfnOutput, Fn } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Auth } from "./settings.ts";

interface Urls {
  readonly ingest: string;
  readonly query: string;
  readonly ingestAuth: Auth;
}

/** What whoever has deployed the stack needs next. */
export function addOutputs(scope: Construct, { ingest, query, ingestAuth }: Urls): void {
  new CfnOutput(scope, "IngestUrl", { value: ingest, description: "Spans go to v1/traces below this" });
  new CfnOutput(scope, "QueryUrl", { value: query, description: "Jaeger's API is at api/ below this" });
  const agent = Fn.join("", ["npm run --silent agents -- --mode daemonset --endpoint ", ingest]);
  new CfnOutput(scope, "Agent", {
    value: `${agent}${ingestAuth === "iam" ? ` --auth sigv4 --region ${Aws.REGION}` : ""} | kubectl apply -f -`,
    description: "Puts an agent on every node of a Kubernetes cluster; --help of it says more",
  });
  // No SDK of OpenTelemetry signs requests: an agent between does.
  if (ingestAuth === "iam") return;
  const endpoint = Fn.join("", ["OTEL_EXPORTER_OTLP_ENDPOINT=", ingest]);
  new CfnOutput(scope, "SdkEnvironment", {
    value: `${endpoint} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN`,
    description: "Environment of a program with an OpenTelemetry SDK, with a token in place of TOKEN",
  });
}
