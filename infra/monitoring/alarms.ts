import { Duration, Stack } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, MathExpression, type Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { SkuaFunction } from "../function.ts";
import { DOLLARS } from "../prices.ts";
import type { Settings } from "../settings.ts";
import { lambdaOwn, ofService, ours } from "./metrics.ts";

/** Spans that wait so long cannot be found; docs/operate.md says what to look at. */
const MOST_AGE_MILLIS = 60_000;
/** In five minutes: one agent with a wrong token that tries again every few seconds. */
const MOST_REFUSALS = 100;

export interface Watched {
  readonly ingest: SkuaFunction<"ingest">;
  readonly indexers: readonly SkuaFunction<"indexer">[];
  readonly rollup: SkuaFunction<"rollup">;
  readonly merge: SkuaFunction<"merge">;
  readonly query: SkuaFunction<"query">;
  readonly table: TableV2;
}

export type AlarmSettings = Pick<Settings, "alarmEmail" | "dollarsPerDay" | "dollarsPerMillionSpans" | "alerts">;

interface Limit {
  readonly metric: Metric | MathExpression;
  readonly atLeast: number;
  /** Of so many periods one after the other. */
  readonly periods: number;
  /** Of so many of those; all unless it is given. */
  readonly ofThese?: number;
  readonly says: string;
  /** What docs/operate.md calls it, where that is not what the stack does. */
  readonly runbook?: string;
}

/** Wakes someone when spans are lost, wait, are refused, or cost more than was meant. */
export function addAlarms(scope: Construct, watched: Watched, settings: AlarmSettings): void {
  const topic = settings.alarmEmail === undefined ? undefined : alarmTopic(scope, settings.alarmEmail);
  const all = { ...limits(watched, settings), ...serviceLimits(watched, settings) };
  for (const [id, { metric, atLeast, periods, ofThese = periods, says, runbook = id }] of Object.entries(all)) {
    const alarm = new Alarm(scope, id, {
      metric,
      threshold: atLeast,
      evaluationPeriods: periods,
      datapointsToAlarm: ofThese,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // Nobody sends: nothing is measured, and nothing is wrong.
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${says} (docs/operate.md, "${runbook}")`,
    });
    if (topic !== undefined) alarm.addAlarmAction(new SnsAction(topic));
  }
}

function limits(watched: Watched, { dollarsPerDay, dollarsPerMillionSpans }: AlarmSettings): Record<string, Limit> {
  const { ingest, indexers, rollup, merge, query, table } = watched;
  const all: Record<string, Limit> = {};
  for (const each of [ingest, ...indexers, rollup, merge, query])
    all[`${each.node.id}Errors`] = {
      ...{ metric: lambdaOwn(each, "Errors", "Sum"), atLeast: 1, periods: 2 },
      says: `${each.node.id} fails again and again`,
    };
  for (const each of [ingest, ...indexers])
    all[`${each.node.id}Throttles`] = {
      ...{ metric: lambdaOwn(each, "Throttles", "Sum"), atLeast: 1, periods: 2 },
      says: `The account has no room for more of ${each.node.id}`,
    };
  for (const each of indexers) {
    all[`${each.node.id}Age`] = {
      ...{ metric: lambdaOwn(each, "IteratorAge", "Maximum"), atLeast: MOST_AGE_MILLIS, periods: 2 },
      says: "Spans wait in the stream and cannot be found",
    };
    all[`${each.node.id}Quarantine`] = {
      ...{ metric: ours(each, "skua_quarantined_records", "Sum"), atLeast: 1, periods: 1 },
      says: "A record could not be read and was set aside",
    };
    all[`${each.node.id}Lost`] = {
      ...{ metric: ours(each, "skua_lost_ranges", "Sum"), atLeast: 1, periods: 1 },
      says: "Records left the stream before they were indexed",
    };
  }
  all.Refusals = {
    ...{ metric: ours(ingest, "skua_refused_requests", "Sum"), atLeast: MOST_REFUSALS, periods: 2 },
    says: "Senders are refused",
  };
  all.Spend = {
    metric: table.metric("ConsumedWriteCapacityUnits", { statistic: "Sum", period: Duration.days(1) }),
    atLeast: Math.round(dollarsPerDay / DOLLARS.writeUnit),
    periods: 1,
    says: `The table's writes cost more than ${dollarsPerDay} dollars a day`,
  };
  if (dollarsPerMillionSpans !== undefined)
    all.SpanPrice = {
      ...{ metric: spanPrice(watched), atLeast: dollarsPerMillionSpans, periods: 1 },
      says: `The table's writes cost more than ${dollarsPerMillionSpans} dollars a million spans`,
    };
  return all;
}

/** Dollars of a million spans, over a day: an hour with a handful of spans says nothing. */
function spanPrice({ ingest, table }: Watched): MathExpression {
  const period = Duration.days(1);
  return new MathExpression({
    expression: `IF(spans>0,units*${DOLLARS.writeUnit * 1_000_000}/spans)`,
    usingMetrics: {
      units: table.metric("ConsumedWriteCapacityUnits", { statistic: "Sum", period }),
      spans: ours(ingest, "otelcol_receiver_accepted_spans", "Sum"),
    },
    period,
    label: "dollars",
  });
}

/** Two minutes of three: one that a retry puts into another may stay empty. */
const SERVICE_PERIODS = { periods: 3, ofThese: 2 };

/** An alarm for each threshold of each watched service. Rollup puts no rate and no percentile of a minute with too few calls. */
function serviceLimits({ rollup }: Watched, { alerts }: AlarmSettings): Record<string, Limit> {
  const all: Record<string, Limit> = {};
  for (const alert of alerts) {
    const { tenant, service, errorRate, p95Ms } = alert;
    if (errorRate !== undefined)
      all[`ServiceErrors-${tenant}-${service}`] = {
        ...{ ...SERVICE_PERIODS, metric: ofService(rollup, "skua_service_error_rate", alert), atLeast: errorRate },
        ...{ says: `${errorRate * 100} % or more of the calls to ${service} fail`, runbook: "ServiceErrors" },
      };
    if (p95Ms !== undefined)
      all[`ServiceSlow-${tenant}-${service}`] = {
        ...{ ...SERVICE_PERIODS, metric: ofService(rollup, "skua_service_p95", alert), atLeast: p95Ms },
        ...{ says: `One call to ${service} in twenty takes ${p95Ms} ms or longer`, runbook: "ServiceSlow" },
      };
  }
  return all;
}

function alarmTopic(scope: Construct, email: string): Topic {
  const topic = new Topic(scope, "AlarmTopic", { enforceSSL: true });
  topic.addSubscription(new EmailSubscription(email));
  topic.addToResourcePolicy(
    new PolicyStatement({
      actions: ["sns:Publish"],
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  );
  return topic;
}
