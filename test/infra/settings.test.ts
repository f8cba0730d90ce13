import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { afterAll, describe, expect, test } from "vitest";
import { readSettings } from "../../infra/settings.ts";
import { temporaryFolder } from "../support/skua-server.ts";

const settings = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

const folder = temporaryFolder();
afterAll(folder.remove);
const strategies = (text: string): string => {
  const path = join(folder.path, "strategies.json");
  writeFileSync(path, text);
  return path;
};

describe("deployment settings", () => {
  test("are all optional", () => {
    expect(settings({})).toEqual({
      stage: "main",
      retentionDays: 7,
      shards: 1,
      architecture: "arm64",
      batchWindowSeconds: 5,
      ingestAuth: "token",
      queryAuth: "token",
      principals: "all",
      corsOrigins: [],
      streamMode: "provisioned",
      streamRetentionHours: 24,
      removalPolicy: "retain",
      logRetentionDays: 14,
      dollarsPerDay: 10,
      endpoints: {},
      alerts: [],
    });
  });

  test("are read as the command line gives them, as text", () => {
    const given = { "skua:stage": "blue", "skua:shards": "4", "skua:retentionDays": "30" };
    expect(settings(given)).toMatchObject({ stage: "blue", shards: 4, retentionDays: 30 });
  });

  test("take a strategies file that is right, wherever the command is run", () => {
    expect(
      settings({ "skua:strategies": strategies('{"default_strategy":{"type":"const","param":1}}') }),
    ).toMatchObject({
      strategies: join(folder.path, "strategies.json"),
    });
    const path = strategies('{"default_strategy":{"type":"sometimes"}}');
    expect(() => settings({ "skua:strategies": path })).toThrow(
      `skua:strategies: ${path}: default_strategy.type: expected probabilistic, ratelimiting or const, got "${path}"`,
    );
  });

  test.each([
    ["as the command line gives it", '{"tenant":"acme"}', { tenant: "acme", shards: 1 }],
    ["as cdk.json gives it", { tenant: "acme", shards: 2 }, { tenant: "acme", shards: 2 }],
  ])("take the foreign stream %s", (_, given, foreignStream) => {
    expect(settings({ "skua:foreignStream": given })).toMatchObject({ foreignStream });
  });

  test.each([
    ["as the command line gives them", '[{"service":"cart","errorRate":0.05}]'],
    ["as cdk.json gives them", [{ service: "cart", errorRate: 0.05 }]],
  ])("take alerts %s", (_, given) => {
    const alerts = [{ tenant: "default", service: "cart", errorRate: 0.05, minCalls: 1 }];
    expect(settings({ "skua:alerts": given })).toMatchObject({ alerts });
  });

  test.each([
    ["skua:alerts", "cart", "skua:alerts: expected a list such as"],
    [
      "skua:alerts",
      [{ service: "cart", errorRate: 5 }],
      'skua:alerts.0.errorRate: expected a number above 0, 1 at most, got [{"service":"cart","errorRate":5}]',
    ],
    [
      "skua:alerts",
      Array.from({ length: 20 }, (_, n) => ({ service: `${n}${"x".repeat(150)}`, p95Ms: 1 })),
      "skua:alerts: expected less: a function's variables take 4 KB",
    ],
    ["skua:dollarsPerMillionSpans", "0", 'skua:dollarsPerMillionSpans: expected a number above 0, got "0"'],
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
    ["skua:ingestAuth", "none", 'skua:ingestAuth: expected token or iam, got "none"'],
    ["skua:queryAuth", "", 'skua:queryAuth: expected token or iam, got ""'],
    [
      "skua:corsOrigins",
      '["app.example"]',
      "skua:corsOrigins.0: expected a list of origins such as https://app.example",
    ],
    ["skua:strategies", "none.json", "skua:strategies: ENOENT: no such file or directory, open 'none.json'"],
    ["skua:streamMode", "auto", 'skua:streamMode: expected provisioned or on-demand, got "auto"'],
    ["skua:streamRetentionHours", "12", 'skua:streamRetentionHours: expected a whole number from 24 to 8760, got "12"'],
    ["skua:removalPolicy", "keep", 'skua:removalPolicy: expected retain or destroy, got "keep"'],
    ["skua:logRetentionDays", "15", "skua:logRetentionDays: expected one of 1, 3, 5, 7, 14, 30, 60"],
    ["skua:mostWriteUnits", "0", "skua:mostWriteUnits: expected a whole number from 1 to 10000000"],
    [
      "skua:warmThroughput",
      '{"reads":1,"writes":4000}',
      "skua:warmThroughput.reads: expected a whole number from 12000",
    ],
    ["skua:endpoints", "localhost", "skua:endpoints: expected addresses of kinesis, dynamodb, s3 or lambda"],
    [
      "skua:endpoints",
      '{"kinesis":"4567"}',
      "skua:endpoints.kinesis: expected an address such as http://127.0.0.1:4567",
    ],
    [
      "skua:endpoints",
      '{"sns":"http://127.0.0.1"}',
      "skua:endpoints: expected addresses of kinesis, dynamodb, s3 or lambda",
    ],
    ["skua:alarmEmail", "nobody", 'skua:alarmEmail: expected an address, got "nobody"'],
    ["skua:dollarsPerDay", "-1", 'skua:dollarsPerDay: expected a number above 0, got "-1"'],
    ["skua:stage", "Prod!", 'skua:stage: expected 1 to 20 of a-z, 0-9 and -, beginning with a letter, got "Prod!"'],
    ["skua:shard", "2", "skua:shard: no such setting, expected one of skua:stage, skua:retentionDays, skua:shards, "],
  ])("%s = %j stops the synthesis with what was expected", (name, value, message) => {
    expect(() => settings({ [name]: value })).toThrow(message);
  });
});
