import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, type Stack, Validations } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSettings } from "../../infra/settings.ts";
import { SkuaStack } from "../../infra/stack.ts";
import { FIRST_SYNTH_MILLIS } from "./synth.ts";

let outdir: string;
beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), "skua-nag-"));
});
afterAll(() => rmSync(outdir, { recursive: true }));

/** Synthesizes as infra/app.ts does; throws where a rule is broken and not acknowledged. */
function check(change: (stack: Stack) => void = () => {}, context: Record<string, unknown> = {}): void {
  const app = new App({ outdir, context });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  change(new SkuaStack(app, "Skua", { settings: readSettings(app.node), codeOf: () => Code.fromInline("0") }));
  app.synth();
}

test(
  "the stack keeps AWS's own rules but for three, each with its reason",
  () => {
    check();
    const { pluginReports } = JSON.parse(readFileSync(join(outdir, "validation-report.json"), "utf8"));
    const [{ violations, suppressedViolations }] = pluginReports;
    const names = suppressedViolations.map(({ ruleName }: { ruleName: string }) => ruleName.replace(/\[.*/, ""));
    expect([violations, names]).toEqual([[], ["AwsSolutions-SMG4", "AwsSolutions-S1", "AwsSolutions-IAM5"]]);
  },
  FIRST_SYNTH_MILLIS,
);

test("so does the stack with a foreign stream and an address to write to", () => {
  check(undefined, { "skua:foreignStream": '{"tenant":"acme"}', "skua:alarmEmail": "ops@example.com" });
});

test("a bucket that anyone might add is found", () => {
  expect(() => check((stack) => new Bucket(stack, "Open"))).toThrow(/Skua\/Open\/Resource/);
});
