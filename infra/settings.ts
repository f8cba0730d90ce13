import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Node } from "constructs";
import { z } from "zod";
import { Alerts } from "../lib/runtime/alerts.ts";
import { TENANT_NAME, TENANT_NAME_EXPECTED } from "../lib/runtime/tenant-name.ts";
import { readStrategies } from "../lib/sampling/strategies.ts";
import { contextUnder } from "./context-under.ts";

const wholeNumber = (least: number, most: number) => {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z.coerce.number(expected).int(expected).min(least, expected).max(most, expected);
};

/** On the command line everything is text: an object is written as JSON there. */
function parsedJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const ORIGINS = "expected a list of origins such as https://app.example or https://*.app.example";

/** As CloudWatch offers them. */
const LOG_DAYS = Object.values(RetentionDays).filter(
  (days) => typeof days === "number" && days < RetentionDays.INFINITE,
);
const LOG_DAYS_EXPECTED = `expected one of ${LOG_DAYS.join(", ")}`;
const logDays = z.coerce.number(LOG_DAYS_EXPECTED).refine((days) => LOG_DAYS.includes(days), LOG_DAYS_EXPECTED);

/** The path of a file that is there and right. */
const strategiesPath = z.string("expected a path").transform((path, context) => {
  try {
    readStrategies(readFileSync(path, "utf8"), path);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
  }
  return resolve(path);
});

const ENDPOINT = "expected an address such as http://127.0.0.1:4567";
const ENDPOINTS = "expected addresses of kinesis, dynamodb, s3 or lambda";

const DOLLARS_EXPECTED = "expected a number above 0";

/** Rollup is told of them in a variable, beside a few others. */
const MOST_ALERTS_TEXT = 3_000;

const auth = z.enum(["token", "iam"], "expected token or iam").default("token");

const Settings = z.strictObject({
  /** Part of the stack's name, so that several can stand in one account. */
  stage: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/, "expected 1 to 20 of a-z, 0-9 and -, beginning with a letter")
    .default("main"),
  /** Days that a span can be found. */
  retentionDays: wholeNumber(1, 365).default(7),
  /** Shards of the stream: each takes 1 MB or 1,000 records a second, and costs the same when nothing comes. */
  shards: wholeNumber(1, 200).default(1),
  /** Provisioned shards, or as many as the traffic needs at a higher price. */
  streamMode: z.enum(["provisioned", "on-demand"], "expected provisioned or on-demand").default("provisioned"),
  /** Hours that a record stands in the stream: an indexer that is broken may be repaired within this. */
  streamRetentionHours: wholeNumber(24, 8760).default(24),
  architecture: z.enum(["arm64", "x86_64"], "expected arm64 or x86_64").default("arm64"),
  /** Seconds that spans wait in the stream for company: longer means fewer, fuller and cheaper segments. */
  batchWindowSeconds: wholeNumber(1, 300).default(5),
  /** How senders say who they are: a token that the function checks, or a signature that AWS checks before it. */
  ingestAuth: auth,
  /** The same for readers. */
  queryAuth: auth,
  /** With iam: whether all that IAM lets in are the tenant "default", or the map in the secret says whose each is. */
  principals: z.enum(["all", "mapped"], "expected all or mapped").default("all"),
  /** Web pages that may send spans: `https://app.example`, a `*` for any port or any one label. */
  corsOrigins: z
    .preprocess(parsedJson, z.array(z.string(ORIGINS).regex(/^https?:\/\/[^\s/,]+$/, ORIGINS), ORIGINS))
    .default([]),
  /** A strategies file in Jaeger's own JSON, told to clients that ask how to sample; it is deployed as it is now. */
  strategies: strategiesPath.optional(),
  /** What becomes of the table, and all spans with it, when the stack is destroyed. */
  removalPolicy: z.enum(["retain", "destroy"], "expected retain or destroy").default("retain"),
  /** Units a second that the table is ready for at once; without it, 12,000 reads and 4,000 writes. Raising it is billed once. */
  warmThroughput: z
    .preprocess(
      parsedJson,
      z.strictObject(
        { reads: wholeNumber(12_000, 10_000_000), writes: wholeNumber(4_000, 10_000_000) },
        "expected reads and writes",
      ),
    )
    .optional(),
  /** Write units a second that the table takes at most: what comes above it waits in the stream. */
  mostWriteUnits: wholeNumber(1, 10_000_000).optional(),
  logRetentionDays: logDays.default(14),
  /** Who is written to when an alarm goes off; confirmed once by the link that SNS sends. */
  alarmEmail: z.email("expected an address").optional(),
  /** What the table's writes may cost before an alarm says so. */
  dollarsPerDay: z.coerce.number(DOLLARS_EXPECTED).positive(DOLLARS_EXPECTED).default(10),
  /** Services that are watched: someone is woken when too many of a minute's calls fail or take long. */
  alerts: z
    .preprocess(parsedJson, Alerts)
    .refine(
      (alerts) => JSON.stringify(alerts).length <= MOST_ALERTS_TEXT,
      "expected less: a function's variables take 4 KB",
    )
    .default([]),
  /** What a million spans may cost in write units, over a day, before an alarm says so. */
  dollarsPerMillionSpans: z.coerce.number(DOLLARS_EXPECTED).positive(DOLLARS_EXPECTED).optional(),
  /** Whom the functions call in place of AWS, where SAM or an emulator that does not say so itself runs them. */
  endpoints: z
    .preprocess(
      parsedJson,
      z.partialRecord(
        z.enum(["kinesis", "dynamodb", "s3", "lambda"]),
        z.url({ protocol: /^https?$/, error: ENDPOINT }),
        ENDPOINTS,
      ),
    )
    .default({}),
  /** A second stream for records that others write: OpenTelemetry Collectors (awskinesis), the Kinesis Producer Library. */
  foreignStream: z
    .preprocess(
      parsedJson,
      z.strictObject({
        /** Whose spans they are: whoever may put records there could otherwise name anybody. */
        tenant: z.string("expected a name").regex(TENANT_NAME, `expected ${TENANT_NAME_EXPECTED}`),
        shards: wholeNumber(1, 200).default(1),
      }),
    )
    .optional(),
});

export type Auth = z.output<typeof auth>;
export type Settings = z.output<typeof Settings>;

const PREFIX = "skua:";

/**
 * The deployment's settings from CDK context: `cdk deploy -c skua:shards=2`, or under `context` in cdk.json. A value
 * or a name that is not known stops the synthesis.
 */
export function readSettings(node: Node): Settings {
  const given = contextUnder(node, PREFIX);
  const parsed = Settings.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => explain(issue, given)).join("\n"));
}

function explain(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  const [setting] = issue.path;
  if (issue.code === "unrecognized_keys" && setting === undefined) {
    const known = Object.keys(Settings.shape).map((name) => PREFIX + name);
    return `${issue.keys.map((name) => PREFIX + name).join(", ")}: no such setting, expected one of ${known.join(", ")}`;
  }
  const name = PREFIX + issue.path.join(".");
  return `${name}: ${issue.message}, got ${JSON.stringify(given[String(setting)])}`;
}
