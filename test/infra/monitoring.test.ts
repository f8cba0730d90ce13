import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { METRICS_OF } from "../../lib/runtime/metrics.ts";
import { FIRST_SYNTH_MILLIS, readable, resourcesOf, synthesize } from "./synth.ts";

let template: Template;
beforeAll(() => {
  template = synthesize();
}, FIRST_SYNTH_MILLIS);

/** Every metric as "namespace name dimension", of alarms and of the dashboard's panels. */
function named(of: Template): string[] {
  const alarms = resourcesOf(of, "AWS::CloudWatch::Alarm").flatMap(([, { Properties }]) => {
    const queries = (Properties.Metrics ?? []) as { MetricStat?: { Metric: Properties } }[];
    const metrics =
      Properties.MetricName === undefined ? queries.map(({ MetricStat }) => MetricStat?.Metric) : [Properties];
    return metrics.filter((metric) => metric !== undefined).map(nameOf);
  });
  return [...alarms, ...panels(of)];
}

type Properties = Readonly<Record<string, unknown>>;

/** With the dimension that tells whose it is; a watched service's are told apart by more. */
function nameOf({ Namespace, MetricName, Dimensions }: Properties): string {
  const [first, ...more] = (Dimensions as { Name: string; Value: unknown }[]).toSorted((a, b) => rank(a) - rank(b));
  expect(more.map(({ Name }) => Name)).toEqual(
    String(MetricName).startsWith("skua_service_") ? ["service", "tenant"] : [],
  );
  return `${Namespace} ${MetricName} ${readable(first?.Value)}`;
}

const rank = ({ Name }: { readonly Name: string }): number =>
  ["function", "FunctionName", "TableName", "service", "tenant"].indexOf(Name);

function panels(of: Template): string[] {
  const [[, dashboard] = []] = resourcesOf(of, "AWS::CloudWatch::Dashboard");
  const body = JSON.parse(readable(dashboard?.Properties.DashboardBody));
  return body.widgets.flatMap(({ properties }: { properties: { metrics: unknown[][] } }) =>
    properties.metrics.flatMap(([namespace, name, , value]) => {
      if (typeof namespace === "string") return [`${namespace} ${name} ${value}`];
      const { expression } = Object(namespace);
      const [, search, fn] = /MetricName="(\w+)" function="(\w+)"/.exec(expression) ?? [];
      return search === undefined ? [] : [`Skua ${search} ${fn}`];
    }),
  );
}

/** What AWS itself writes of a function and a table (Lambda and DynamoDB Developer Guides, "metrics"). */
const AWS_OWN =
  /^(AWS\/Lambda (Errors|Throttles|IteratorAge) \w+Function|AWS\/DynamoDB ConsumedWriteCapacityUnits Table)$/;

const WATCHING = {
  "skua:alerts": [
    { service: "cart", errorRate: 0.05, p95Ms: 300, minCalls: 20 },
    { tenant: "acme", service: "a/b", p95Ms: 50 },
  ],
};

describe("what alarms and panels name", () => {
  test.each([
    ["the stack", {}],
    ["the stack with a foreign stream", { "skua:foreignStream": '{"tenant":"acme"}' }],
    ["the stack that watches services", WATCHING],
    ["the stack that watches the price of a span", { "skua:dollarsPerMillionSpans": "0.5" }],
  ])("is measured by the function that they name: %s", (_, context) => {
    const all = named(synthesize(context));
    expect(all.length).toBeGreaterThan(30);
    for (const metric of all.filter((each) => !AWS_OWN.test(each))) {
      const [namespace, name = "", fn = ""] = metric.split(" ");
      const role = fn
        .replace(/^Foreign/, "")
        .replace(/Function$/, "")
        .toLowerCase();
      const measured: readonly string[] = Object.entries(METRICS_OF).find(([of]) => of === role)?.[1] ?? [];
      expect([namespace, measured.includes(name) ? name : undefined], metric).toEqual(["Skua", name]);
    }
  });

  test("shows everything that functions measure, and no more than twenty metrics are", () => {
    const shown = new Set(panels(synthesize(WATCHING)).map((metric) => metric.split(" ")[1]));
    const names = new Set(Object.values(METRICS_OF).flat());
    expect([...names].filter((name) => !shown.has(name))).toEqual([]);
    expect(names.size).toBeLessThanOrEqual(20);
  });
});

describe("alarms", () => {
  const alarm = (of: Template, name: string) =>
    resourcesOf(of, "AWS::CloudWatch::Alarm").find(([id]) => id.startsWith(name))?.[1].Properties;

  test("say in words what is wrong and where to read on, and mean nothing while nobody sends", () => {
    for (const [id, { Properties }] of resourcesOf(template, "AWS::CloudWatch::Alarm")) {
      expect(String(Properties.AlarmDescription), id).toMatch(/^[A-Z].+ \(docs\/operate\.md, "\w+"\)$/);
      expect(Properties.TreatMissingData, id).toBe("notBreaching");
      expect(Properties, id).not.toHaveProperty("AlarmActions");
    }
  });

  test("know what a day may cost", () => {
    const at = alarm(synthesize({ "skua:dollarsPerDay": "2.5" }), "Spend");
    expect([at?.Threshold, at?.Period, at?.Statistic]).toEqual([4_000_000, 86_400, "Sum"]);
  });

  test("watch each threshold of each service, over two minutes of three", () => {
    const own = resourcesOf(synthesize(WATCHING), "AWS::CloudWatch::Alarm").filter(([id]) => id.startsWith("Service"));
    const shown = own.map(([, { Properties }]) => [
      Properties.MetricName,
      (Properties.Dimensions as { Name: string; Value: string }[])
        .filter(({ Name }) => Name !== "function")
        .map(({ Value }) => Value)
        .toSorted(),
      Properties.Threshold,
      [Properties.Period, Properties.DatapointsToAlarm, Properties.EvaluationPeriods],
    ]);
    expect(shown).toEqual([
      ["skua_service_error_rate", ["cart", "default"], 0.05, [60, 2, 3]],
      ["skua_service_p95", ["cart", "default"], 300, [60, 2, 3]],
      ["skua_service_p95", ["a/b", "acme"], 50, [60, 2, 3]],
    ]);
  });

  test("know what a million spans may cost, over a day, where that is asked for", () => {
    const at = alarm(synthesize({ "skua:dollarsPerMillionSpans": "0.5" }), "SpanPrice");
    expect([at?.Threshold, at?.EvaluationPeriods]).toEqual([0.5, 1]);
    const queries = at?.Metrics as { Expression?: string; MetricStat?: { Period: number; Stat: string } }[];
    expect(queries.map(({ Expression, MetricStat }) => Expression ?? [MetricStat?.Period, MetricStat?.Stat])).toEqual([
      "IF(spans>0,units*0.625/spans)",
      [86_400, "Sum"],
      [86_400, "Sum"],
    ]);
    expect(alarm(template, "SpanPrice")).toBeUndefined();
  });

  test("write to the address that is given, over a topic that only this account's CloudWatch may use, encrypted", () => {
    const of = synthesize({ "skua:alarmEmail": "ops@example.com" });
    of.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: "ops@example.com" });
    for (const [id, { Properties }] of resourcesOf(of, "AWS::CloudWatch::Alarm"))
      expect([Properties.AlarmActions].flat().map(readable), id).toEqual(["AlarmTopic"]);
    const [[, policy] = []] = resourcesOf(of, "AWS::SNS::TopicPolicy");
    expect(Object(policy?.Properties.PolicyDocument).Statement).toMatchObject([
      { Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } },
      {
        ...{ Effect: "Allow", Action: "sns:Publish", Principal: { Service: "cloudwatch.amazonaws.com" } },
        Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
      },
    ]);
  });
});
