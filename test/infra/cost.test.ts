import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ALARMS, ALARMS_OF_ALERT, costOf, type Load, METRICS, METRICS_OF_ALERT } from "../../infra/cost.ts";
import { SIZES } from "../../infra/sizes.ts";
import { METRICS_OF } from "../../lib/runtime/metrics.ts";
import { NODE } from "../support/skua-server.ts";
import { FIRST_SYNTH_MILLIS, resourcesOf, synthesize, unhashed } from "./synth.ts";

const load = (more: Partial<Load>): Load => ({
  ...{ spansPerSecond: 0, bytesPerSpan: 565, spansPerRequest: 200, retentionDays: 7, batchWindowSeconds: 5 },
  ...{ streamMode: "provisioned", shards: undefined, alerts: 0 },
  ...more,
});
const perMillion = (more: Partial<Load>) => costOf(load(more)).perMillionSpans ?? Number.NaN;

describe("what a deployment costs", () => {
  test("is at most 15 dollars a month while nobody uses it", () => {
    expect(costOf(load({})).perMonth).toBeLessThanOrEqual(15);
  });

  test("is at most 10 cents a million spans where plans are full", () => {
    expect(perMillion({ spansPerSecond: 5_000 })).toBeLessThanOrEqual(0.1);
    expect(perMillion({ spansPerSecond: 50_000 })).toBeLessThanOrEqual(0.1);
  });

  test("falls by the span as more are sent, and is the sum of what is listed", () => {
    const rates = [1, 10, 100, 1_000, 10_000];
    const prices = rates.map((spansPerSecond) => perMillion({ spansPerSecond }));
    expect(prices.toSorted((a, b) => b - a)).toEqual(prices);
    for (const spansPerSecond of rates) {
      const { items, perMonth } = costOf(load({ spansPerSecond }));
      expect(Object.values(items).reduce((sum, each) => sum + each)).toBeCloseTo(perMonth);
    }
  });

  test("rises with retention, with the size of spans, with small requests, and with a stream on demand", () => {
    const base = perMillion({ spansPerSecond: 1_000 });
    for (const more of [{ retentionDays: 30 }, { bytesPerSpan: 1_500 }, { spansPerRequest: 10 }, { shards: 4 }])
      expect(perMillion({ spansPerSecond: 1_000, ...more }), JSON.stringify(more)).toBeGreaterThan(base);
    expect(costOf(load({ streamMode: "on-demand" })).perMonth).toBeGreaterThan(costOf(load({})).perMonth + 18);
  });
});

test("what is counted is what is deployed", { timeout: FIRST_SYNTH_MILLIS }, () => {
  const template = synthesize();
  const deployed = resourcesOf(template, "AWS::Lambda::Function").map(([id, { Properties }]) => [
    unhashed(id).replace("Function", "").toLowerCase(),
    { memoryMegabytes: Properties.MemorySize, timeoutSeconds: Properties.Timeout },
  ]);
  expect(Object.fromEntries(deployed)).toEqual(SIZES);
  expect(resourcesOf(template, "AWS::CloudWatch::Alarm")).toHaveLength(ALARMS);
  const ofAlerts = METRICS_OF.rollup.filter((name) => name.startsWith("skua_service_"));
  expect(ofAlerts).toHaveLength(METRICS_OF_ALERT);
  expect(METRICS).toBeGreaterThanOrEqual(Object.values(METRICS_OF).flat().length - ofAlerts.length);
  const watching = synthesize({ "skua:alerts": [{ service: "cart", errorRate: 0.1, p95Ms: 100 }] });
  expect(resourcesOf(watching, "AWS::CloudWatch::Alarm")).toHaveLength(ALARMS + ALARMS_OF_ALERT);
  template.hasResourceProperties("AWS::Kinesis::Stream", { ShardCount: costOf(load({})).shards });
});

const run = (...args: string[]) => spawnSync(NODE, ["infra/operate/cost.ts", ...args], { encoding: "utf8" });

describe("npm run cost", () => {
  test("prints what docs/cost.md shows", () => {
    const [, shown = ""] = /```text\n(\d+ spans a second[\s\S]*?)```/.exec(readFileSync("docs/cost.md", "utf8")) ?? [];
    const [spansPerSecond = ""] = shown.split(" ");
    expect(run("--spans-per-second", spansPerSecond).stdout).toBe(shown);
  });

  test("agrees with the curve of docs/cost.md", () => {
    const rows = readFileSync("docs/cost.md", "utf8").matchAll(/^\| ([\d,]+) \| \$([\d,.]+) \| (?:\$([\d.]+)|–) \|$/gm);
    const curve = [...rows].map(([, rate = "", month = "", million]) => [
      Number(rate.replaceAll(",", "")),
      Number(month.replaceAll(",", "")),
      million === undefined ? undefined : Number(million),
    ]);
    expect(curve.length).toBeGreaterThan(5);
    for (const [spansPerSecond = 0, month, million] of curve) {
      const { perMonth, perMillionSpans } = costOf(load({ spansPerSecond }));
      expect([Number(perMonth.toFixed(2)), perMillionSpans && Number(perMillionSpans.toFixed(3))]).toEqual([
        month,
        million,
      ]);
    }
  });

  test.each([
    [[], "cost: --spans-per-second : expected a number from 0"],
    [["--spans-per-second", "many"], "cost: --spans-per-second many: expected a number from 0"],
    [["--spans-per-second", "1", "--stream-mode", "x"], "cost: --stream-mode x: expected provisioned or on-demand"],
  ])("%j is refused in words", (args, message) => {
    const { status, stderr, stdout } = run(...args);
    expect([status, stderr.trim(), stdout]).toEqual([2, message, ""]);
  });
});
