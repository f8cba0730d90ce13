import { equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { accessTable, bearer, type Stage, until } from "./stage.ts";
import type { Step } from "./tally.ts";

const SERVICE = "watched";
/** The minute in which the spans come has to end, and its plans to be written. */
const LOOKED_AT_MILLIS = 150_000;
const CLOUDWATCH = "2010-08-01";

/** What the stage has to be deployed with. */
export const ALERT_SETTING = `alerts=[{"service":"${SERVICE}","errorRate":0.5,"minCalls":3}]`;

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

/** Four calls, three of which failed. */
function failingCalls(): string {
  const spans = [2, 2, 2, 0].map((code, n) => {
    const start = `${Date.now() + n}000000`;
    const times = { startTimeUnixNano: start, endTimeUnixNano: start };
    return { traceId: hex(16), spanId: hex(8), name: "GET /", kind: 2, status: { code }, ...times };
  });
  const resource = { attributes: [{ key: "service.name", value: { stringValue: SERVICE } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
}

/** A watched service fails: rollup's metric crosses its alarm's threshold. */
export function alertSteps(stage: Stage): Step[] {
  const { admin } = stage;
  const headers = async () => bearer(String((await accessTable(stage)).firstToken)).headers;
  const stateOf = async (alarm: string): Promise<string | undefined> => {
    const xml = await admin.form("monitoring", CLOUDWATCH, { Action: "DescribeAlarms", "AlarmNames.member.1": alarm });
    return /<StateValue>(\w+)</.exec(xml)?.[1];
  };
  return [
    {
      name: "an alert's metric is driven over its threshold, and its alarm goes off",
      run: async () => {
        const { RollupLogs: logGroupName = "", RollupFunction = "", ...names } = await stage.resources();
        const alarm = Object.entries(names).find(([id]) => id.startsWith("ServiceErrors"))?.[1] ?? "";
        const own = { ...(await headers()), "content-type": "application/json" };
        equal((await stage.ingest("v1/traces", { body: failingCalls(), headers: own })).status, 200);
        equal(await stateOf(alarm), "INSUFFICIENT_DATA");
        const line = await until(
          async () => {
            const answer = await admin.call(RollupFunction);
            equal(answer.status, 200, answer.text);
            return (await linesOf(admin, logGroupName)).find(({ skua_service_error_rate }) => skua_service_error_rate);
          },
          (found) => found !== undefined,
          LOOKED_AT_MILLIS,
        );
        ok(line);
        equal(line.skua_service_error_rate, 0.75);
        equal(line.skua_service_calls, 4);
        match(String(line.function), new RegExp(`^${stage.stack}-Rollup`));
        await putAsCloudWatchDoes(admin, line);
        equal(await stateOf(alarm), "ALARM");
      },
    },
  ];
}

type Line = Readonly<Record<string, unknown>>;

/** The lines of metrics in a function's log. */
async function linesOf(admin: Stage["admin"], logGroupName: string): Promise<Line[]> {
  const answer = await admin.json("logs", "Logs_20140328.FilterLogEvents", { logGroupName });
  const { events = [] }: { events?: { message: string }[] } = JSON.parse(answer.text);
  return events
    .flatMap(({ message }) => message.split("\n"))
    .filter((line) => line.startsWith('{"_aws"'))
    .map((line): Line => JSON.parse(line));
}

/** CloudWatch makes metrics of such lines by itself ("Embedded metric format"), which the emulator does not. */
async function putAsCloudWatchDoes(admin: Stage["admin"], line: Line): Promise<void> {
  const [{ Namespace, Dimensions, Metrics }] = Object(line._aws).CloudWatchMetrics;
  const data = Metrics.flatMap(({ Name, Unit }: { Name: string; Unit: string }, n: number) => {
    const at = `MetricData.member.${n + 1}`;
    const dimensions = Dimensions[0].flatMap((name: string, d: number) => [
      [`${at}.Dimensions.member.${d + 1}.Name`, name],
      [`${at}.Dimensions.member.${d + 1}.Value`, String(line[name])],
    ]);
    return [[`${at}.MetricName`, Name], [`${at}.Unit`, Unit], [`${at}.Value`, String(line[Name])], ...dimensions];
  });
  await admin.form("monitoring", CLOUDWATCH, { Action: "PutMetricData", Namespace, ...Object.fromEntries(data) });
}
