import * as z from "zod/mini";
import { invalid } from "../model/errors.ts";
import { readAlerts } from "./alerts.ts";
import { TENANT_NAME, TENANT_NAME_EXPECTED } from "./tenant-name.ts";

const NAME = "expected a name";
const name = z.string(NAME).check(z.minLength(1, NAME));
const POSITIVE = "expected a whole number above 0";
const positive = z.coerce.number(POSITIVE).check(z.int(POSITIVE), z.positive(POSITIVE));

/** The secret with the table of access; without it whoever the function URL lets in is the default tenant. */
const ACCESS_SECRET = z.optional(name);

/** Names with commas between; none when empty. */
const list = z.pipe(
  z.string("expected names with commas between"),
  z.transform((text) => text.split(",").filter((each) => each !== "")),
);

const Ingest = z.object({
  /** Web pages that may send spans. */
  CORS_ORIGINS: z._default(list, []),
  /** A strategies file beside the bundle; without it every trace is kept. */
  STRATEGIES_FILE: z.optional(name),
  ACCESS_SECRET,
  STREAM_NAME: name,
  /** Spans that started longer ago are refused. */
  RETENTION_HOURS: positive,
});

const Query = z.object({
  ACCESS_SECRET,
  TABLE_NAME: name,
  /** How far back a search may look. */
  RETENTION_HOURS: positive,
});

const Indexer = z.object({
  STREAM_NAME: name,
  TABLE_NAME: name,
  QUARANTINE_BUCKET: name,
  RETENTION_HOURS: positive,
  /** The function's own timeout: an attempt that began longer ago is dead. */
  TIMEOUT_SECONDS: positive,
  /** Whose spans the stream brings, when others than our ingest write it. */
  FOREIGN_TENANT: z.optional(z.string(NAME).check(z.regex(TENANT_NAME, `expected ${TENANT_NAME_EXPECTED}`))),
});

const Rollup = z.object({
  /** Services that are watched. */
  ALERTS: z._default(
    z.pipe(
      z.string(),
      z.transform((text) => readAlerts(text, "environment variable ALERTS")),
    ),
    [],
  ),
  /** How long spans wait in the stream for company. */
  BATCH_WINDOW_SECONDS: positive,
  TABLE_NAME: name,
  RETENTION_HOURS: positive,
  /** Name or ARN. */
  MERGE_FUNCTION: name,
  /** The timeout of that function: one that was begun longer ago is dead. */
  MERGE_SECONDS: positive,
});

const Merge = z.object({
  TABLE_NAME: name,
  RETENTION_HOURS: positive,
  /** The function's own timeout. */
  TIMEOUT_SECONDS: positive,
});

/** The variables as whoever deploys a function has to set them; what may be left out may be left out here. */
type Stated<T> = { readonly [K in keyof T]: string };
export type IngestEnv = Stated<z.output<typeof Ingest>>;
export type QueryEnv = Stated<z.output<typeof Query>>;
export type IndexerEnv = Stated<z.output<typeof Indexer>>;
export type RollupEnv = Stated<z.output<typeof Rollup>>;
export type MergeEnv = Stated<z.output<typeof Merge>>;

type Env = Readonly<Record<string, string | undefined>>;

/** The environment as plain values; one fault that names every variable that is missing or wrong. */
const parse = <T>(schema: z.ZodMiniType<T>, env: Env): T => {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => explain(issue, env)).join("; "));
};

function explain(issue: z.core.$ZodIssue, env: Env): string {
  const variable = issue.path.join(".");
  return `environment variable ${variable} = ${JSON.stringify(env[variable])}: ${issue.message}`;
}

export const ingestEnv = (env: Env) => parse(Ingest, env);
export const queryEnv = (env: Env) => parse(Query, env);
export const indexerEnv = (env: Env) => parse(Indexer, env);
export const rollupEnv = (env: Env) => parse(Rollup, env);
export const mergeEnv = (env: Env) => parse(Merge, env);
