import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { readAccess } from "../../lib/runtime/read-access.ts";
import { environmentOf, FIRST_SYNTH_MILLIS, grants, readable, resourcesOf, synthesize } from "./synth.ts";

let template: Template;
beforeAll(() => {
  template = synthesize();
}, FIRST_SYNTH_MILLIS);

/** For each URL: who is let through, how it answers, and whether the function behind it has the table of access. */
const urls = (context: Record<string, unknown>) => {
  const of = synthesize(context);
  return resourcesOf(of, "AWS::Lambda::Url").map(([, { Properties }]) => {
    const name = readable(Properties.TargetFunctionArn).replace(".Arn", "");
    const Variables = environmentOf(of, name);
    const mayRead = grants(of)[name.replace("Function", "Role")]?.includes(SECRET_GRANT);
    const secret = Variables.ACCESS_SECRET === undefined ? undefined : readable(Variables.ACCESS_SECRET);
    return [name, Properties.AuthType, Properties.InvokeMode, secret, mayRead];
  });
};
const SECRET_GRANT = "Allow AccessSecret.Id: secretsmanager:GetSecretValue";
const OPEN = ["NONE", undefined, "AccessSecret.Id", true];

describe("who may send and read", () => {
  test("is told by tokens: where all are let through, the function has the table to ask them by", () => {
    expect(urls({})).toEqual([
      ["IngestFunction", ...OPEN],
      ["QueryFunction", "NONE", "RESPONSE_STREAM", "AccessSecret.Id", true],
    ]);
  });

  test("or by signatures, for each side by itself, without the table", () => {
    expect(urls({ "skua:ingestAuth": "iam" })).toEqual([
      ["IngestFunction", "AWS_IAM", undefined, undefined, false],
      ["QueryFunction", "NONE", "RESPONSE_STREAM", "AccessSecret.Id", true],
    ]);
    expect(urls({ "skua:queryAuth": "iam" })).toEqual([
      ["IngestFunction", ...OPEN],
      ["QueryFunction", "AWS_IAM", "RESPONSE_STREAM", undefined, false],
    ]);
  });

  test("or by signatures and the table's map", () => {
    const context = { "skua:ingestAuth": "iam", "skua:queryAuth": "iam", "skua:principals": "mapped" };
    expect(urls(context)).toEqual([
      ["IngestFunction", "AWS_IAM", undefined, "AccessSecret.Id", true],
      ["QueryFunction", "AWS_IAM", "RESPONSE_STREAM", "AccessSecret.Id", true],
    ]);
  });

  test("begins with one generated token, which a command of AWS's own shows and no template holds", () => {
    const [[, secret] = [], ...others] = resourcesOf(template, "AWS::SecretsManager::Secret");
    expect(others).toEqual([]);
    expect(secret?.Properties).not.toHaveProperty("SecretString");
    const { SecretStringTemplate, GenerateStringKey, PasswordLength } = Object(secret?.Properties.GenerateSecretString);
    const generated = JSON.parse(SecretStringTemplate);
    generated[GenerateStringKey] = "x".repeat(PasswordLength);
    expect(readAccess(JSON.stringify(generated), "the secret").tokens).toMatchObject([
      { tenant: "default", scopes: ["ingest", "query"] },
    ]);
    expect(readable(template.findOutputs("FirstToken").FirstToken?.Value)).toBe(
      "aws secretsmanager get-secret-value --region AWS::Region --secret-id AccessSecret.Id --query SecretString --output text",
    );
  });
});
