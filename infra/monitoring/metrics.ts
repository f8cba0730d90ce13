import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { Alert } from "../../lib/runtime/alerts.ts";
import { FUNCTION_DIMENSION, NAMESPACE } from "../../lib/runtime/emf.ts";
import type { Measured, MetricOf } from "../../lib/runtime/metrics.ts";
import type { SkuaFunction } from "../function.ts";

const PERIOD = Duration.minutes(5);

/** A metric that a function of ours writes: only what lib/runtime/metrics.ts says that it measures can be named. */
export const ours = <F extends Measured>(
  { lambda }: SkuaFunction<F>,
  metricName: MetricOf<F>,
  statistic: string,
): Metric =>
  new Metric({
    ...{ namespace: NAMESPACE, metricName, statistic, period: PERIOD },
    dimensionsMap: { [FUNCTION_DIMENSION]: lambda.functionName },
  });

/** One of those that rollup puts of a watched service each minute. */
export const ofService = (
  { lambda }: SkuaFunction<"rollup">,
  metricName: Extract<MetricOf<"rollup">, `skua_service_${string}`>,
  { tenant, service }: Pick<Alert, "tenant" | "service">,
): Metric =>
  new Metric({
    ...{ namespace: NAMESPACE, metricName, statistic: "Maximum", period: Duration.minutes(1) },
    dimensionsMap: { [FUNCTION_DIMENSION]: lambda.functionName, tenant, service },
  });

/** A metric that AWS writes of every function. */
export const lambdaOwn = (
  { lambda }: SkuaFunction,
  metricName: "Errors" | "Throttles" | "IteratorAge" | "Duration",
  statistic: string,
): Metric =>
  new Metric({
    ...{ namespace: "AWS/Lambda", metricName, statistic, period: PERIOD },
    dimensionsMap: { FunctionName: lambda.functionName },
  });
