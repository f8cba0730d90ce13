import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { METRICS, METRICS_OF } from "../../lib/runtime/metrics.ts";
import { FIRST_SYNTH_MILLIS, readable, resourcesOf, synthesize } from "./synth.ts";

let template: Template;
beforeAll(() => {
  template = synthesize();
}, FIRST_SYNTH_MILLIS);

/** Every metric as "namespace name dimension", of alarms and of the dashboard's panels. */
function named(of: Template): string[] {
  const alarms = resourcesOf(of, "AWS::CloudWatch::Alarm").map(([, { Properties }]) => {
    const dimensions = (Properties.Dimensions as { Value: unknown }[]).map(({ Value }) => readable(Value));
    return `${Properties.Namespace} ${Properties.MetricName} ${dimensions}`;
  });
  return [...alarms, ...panels(of)];
}

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

describe("what alarms and panels name", () => {
  test.each([
    ["the stack", {}],
    ["the stack with a foreign stream", { "skua:foreignStream": '{"tenant":"acme"}' }],
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

  test("shows everything that is measured, and no more than twenty metrics are", () => {
    const shown = new Set(panels(template).map((metric) => metric.split(" ")[1]));
    const names = Object.keys(METRICS);
    expect(names.filter((name) => !shown.has(name))).toEqual([]);
    expect(names.length).toBeLessThanOrEqual(20);
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
