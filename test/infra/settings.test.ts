import { App } from "aws-cdk-lib";
import { describe, expect, test } from "vitest";
import { readSettings } from "../../infra/settings.ts";

const settings = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

describe("deployment settings", () => {
  test("are all optional", () => {
    expect(settings({})).toEqual({
      stage: "main",
      retentionDays: 7,
      shards: 1,
      architecture: "arm64",
      batchWindowSeconds: 5,
    });
  });

  test("are read as the command line gives them, as text", () => {
    const given = { "skua:stage": "blue", "skua:shards": "4", "skua:retentionDays": "30" };
    expect(settings(given)).toMatchObject({ stage: "blue", shards: 4, retentionDays: 30 });
  });

  test.each([
    ["as the command line gives it", '{"tenant":"acme"}', { tenant: "acme", shards: 1 }],
    ["as cdk.json gives it", { tenant: "acme", shards: 2 }, { tenant: "acme", shards: 2 }],
  ])("take the foreign stream %s", (_, given, foreignStream) => {
    expect(settings({ "skua:foreignStream": given })).toMatchObject({ foreignStream });
  });

  test.each([
    ["skua:foreignStream", "acme", 'skua:foreignStream: Invalid input: expected object, received string, got "acme"'],
    ["skua:foreignStream", "{}", 'skua:foreignStream.tenant: expected a name, got "{}"'],
    [
      "skua:foreignStream",
      { tenant: "" },
      'skua:foreignStream.tenant: expected 1 to 63 of A-Z a-z 0-9 . _ -, beginning with one of the first three, got {"tenant":""}',
    ],
    ["skua:shards", "two", 'skua:shards: expected a whole number from 1 to 200, got "two"'],
    ["skua:shards", "", 'skua:shards: expected a whole number from 1 to 200, got ""'],
    ["skua:shards", "1.5", 'skua:shards: expected a whole number from 1 to 200, got "1.5"'],
    ["skua:retentionDays", 366, "skua:retentionDays: expected a whole number from 1 to 365, got 366"],
    ["skua:batchWindowSeconds", "0", 'skua:batchWindowSeconds: expected a whole number from 1 to 300, got "0"'],
    ["skua:architecture", "arm", 'skua:architecture: expected arm64 or x86_64, got "arm"'],
    ["skua:stage", "Prod!", 'skua:stage: expected 1 to 20 of a-z, 0-9 and -, beginning with a letter, got "Prod!"'],
    [
      "skua:shard",
      "2",
      "skua:shard: no such setting, expected one of skua:stage, skua:retentionDays, skua:shards, skua:architecture, skua:batchWindowSeconds, skua:foreignStream",
    ],
  ])("%s = %j stops the synthesis with what was expected", (name, value, message) => {
    expect(() => settings({ [name]: value })).toThrow(message);
  });
});
