import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METRICS } from "../../lib/runtime/metrics.ts";
import { settingNames } from "./setting-names.ts";
import { FIRST_SYNTH_MILLIS, resourcesOf, synthesize } from "./synth.ts";

const text = (name: string): string => readFileSync(`docs/${name}.md`, "utf8");

test("every setting stands in the table of settings", () => {
  const names = settingNames();
  expect(names.length).toBeGreaterThan(15);
  const table = [...text("deploy").matchAll(/^\| (`skua:[^|]+) \|/gm)].map(([, cell]) => cell).join();
  expect(names.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
});

test("every output, alarm and metric is explained", { timeout: FIRST_SYNTH_MILLIS }, () => {
  const template = synthesize({
    "skua:alerts": [{ service: "cart", errorRate: 0.1, p95Ms: 100 }],
    "skua:dollarsPerMillionSpans": "0.5",
  });
  for (const name of Object.keys(template.findOutputs("*"))) expect(text("deploy"), name).toContain(`| \`${name}\` |`);
  for (const [, { Properties }] of resourcesOf(template, "AWS::CloudWatch::Alarm")) {
    const [, name] = /"(\w+)"/.exec(String(Properties.AlarmDescription)) ?? [];
    expect(text("operate"), name).toContain(`**${name}**`);
  }
  for (const name of Object.keys(METRICS)) expect(text("operate"), name).toContain(`| \`${name}\` |`);
});
