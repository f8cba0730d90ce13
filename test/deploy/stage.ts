import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Aws, aws, resourcesOf } from "./aws.ts";
import { type Answer, type Call, type Credentials, type Door, send } from "./signed-request.ts";

/** What the stack tells whoever deployed it. */
export interface Outputs {
  readonly IngestUrl: string;
  readonly QueryUrl: string;
  readonly FirstToken: string;
  /** Command lines. */
  readonly IndexerReplay: string;
}

export interface Stage {
  readonly stack: string;
  readonly door: Door;
  /** May do everything. */
  readonly admin: Aws;
  outputs(): Promise<Outputs>;
  /** A request to the ingest URL: "v1/traces". */
  ingest(path: string, call?: Partial<Call>): Promise<Answer>;
  query(path: string, call?: Partial<Call>): Promise<Answer>;
  /** Names of the stack's resources, by logical id without its hash. */
  resources(): Promise<Readonly<Record<string, string>>>;
}

export interface StageParts {
  readonly stack: string;
  readonly door: Door;
  readonly credentials: Credentials;
  /** Where the outputs stand once it is deployed. */
  readonly outputsFile: string;
}

/** One deployed stack, as its users reach it. */
export function stage({ stack, door, credentials, outputsFile }: StageParts): Stage {
  const admin = aws(door, credentials);
  const outputs = async (): Promise<Outputs> => JSON.parse(await readFile(outputsFile, "utf8"))[stack];
  return {
    ...{ stack, door, admin, outputs },
    ingest: async (path, call) =>
      send(door, { url: `${(await outputs()).IngestUrl}${path}`, service: "lambda", ...call }),
    query: async (path, call) =>
      send(door, { url: `${(await outputs()).QueryUrl}${path}`, service: "lambda", ...call }),
    resources: () => resourcesOf(admin, stack),
  };
}

/** The table of access, as the command that the stack's output names shows it. */
export async function accessTable({ admin, outputs }: Stage): Promise<Readonly<Record<string, unknown>>> {
  const [, id] = /--secret-id (\S+)/.exec((await outputs()).FirstToken) ?? [];
  const answer = await admin.json("secretsmanager", "secretsmanager.GetSecretValue", { SecretId: id });
  if (answer.status !== 200) throw new Error(`the secret ${id}: ${answer.status} ${answer.text}`);
  return JSON.parse(JSON.parse(answer.text).SecretString);
}

/** Call options with which a token comes along. */
export const bearer = (token: string): { readonly headers: Readonly<Record<string, string>> } => ({
  headers: { authorization: `Bearer ${token}` },
});

/** From 200 OK to readable, with the batching window and cold functions. */
const VISIBLE_MILLIS = 60_000;

/** The first answer that is as it should be. */
export async function until<T>(
  attempt: () => Promise<T>,
  isDone: (value: T) => boolean,
  mostMillis = VISIBLE_MILLIS,
): Promise<T> {
  for (const end = Date.now() + mostMillis; ; ) {
    const value = await attempt();
    if (isDone(value)) return value;
    if (Date.now() > end) throw new Error(`not within ${mostMillis} ms; the last was ${JSON.stringify(value)}`);
    await sleep(500);
  }
}
