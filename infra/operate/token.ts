import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TracingError } from "../../lib/model/errors.ts";
import { sha256 } from "../../lib/runtime/access.ts";
import { changeSecret, secretsClient } from "../../lib/runtime/access-secret.ts";
import { readAccess } from "../../lib/runtime/read-access.ts";
import { printCommand } from "./command.ts";

const HELP = `npm run token -- --tenant NAME --scope SCOPE [--scope SCOPE] [--access FILE | --secret ID] [--note TEXT]

Makes a token, prints it once, and keeps its SHA-256: add it to the table of access, and give the token to who is to use it.

  --tenant NAME   whose spans it sends or sees
  --scope SCOPE   ingest, query or admin; several may be given
  --access FILE   adds it to this table (made if absent), as npm start -- --access FILE reads it
  --secret ID     adds it to the table that this secret of AWS holds (name or ARN, as the stack's output FirstToken names
                  it); warm functions know it within a minute. Changes made at the same moment may be lost: make one at a time
                  With neither, the row of the table is printed
  --note TEXT     kept beside it: whose it is
  --help, -h
`;

/** As much as SHA-256 keeps apart; prefixed, so that people and secret scanners know what it is. */
const TOKEN_BYTES = 32;
const PREFIX = "skua_";

/** Only its owner may read it. */
const FILE_MODE = 0o600;

await printCommand("token", run);

async function run(argv: readonly string[]): Promise<string> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      tenant: { type: "string" },
      scope: { type: "string", multiple: true },
      access: { type: "string" },
      secret: { type: "string" },
      note: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return HELP;
  const { tenant, scope: scopes, access, secret, note } = values;
  if (tenant === undefined || scopes === undefined) throw new Error("expected --tenant and --scope; --help says more");
  if (access !== undefined && secret !== undefined) throw new Error("--access and --secret: expected one of them");
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
  const row = { sha256: sha256(token).toString("hex"), tenant, scopes, ...(note === undefined ? {} : { note }) };
  checked({ tokens: [row] }, "the token");
  if (secret !== undefined) await changeSecret(secretsClient(), secret, (text) => withRow(text, row, secret));
  else if (access !== undefined) addTo(access, row);
  else return `${token}\n${JSON.stringify(row)}\n`;
  return `${token}\n`;
}

/** Written beside it and moved over it: who reads the table meanwhile reads the old one or the new one. */
function addTo(path: string, row: object): void {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "{}";
  writeFileSync(`${path}.new`, withRow(text, row, path), { mode: FILE_MODE });
  renameSync(`${path}.new`, path);
}

/** A table's text with one token more. Throws where either is no table. */
function withRow(text: string, row: object, source: string): string {
  readAccess(text, source);
  const table: { tokens?: readonly object[] } = JSON.parse(text);
  const next = { ...table, tokens: [...(table.tokens ?? []), row] };
  checked(next, source);
  return `${JSON.stringify(next, undefined, 2)}\n`;
}

function checked(table: object, source: string): void {
  try {
    readAccess(JSON.stringify(table), source);
  } catch (error) {
    throw error instanceof TracingError ? new Error(error.message) : error;
  }
}
