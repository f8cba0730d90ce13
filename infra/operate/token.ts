import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TracingError } from "../../lib/model/errors.ts";
import { sha256 } from "../../lib/runtime/access.ts";
import { readAccess } from "../../lib/runtime/read-access.ts";

const HELP = `npm run token -- --tenant NAME --scope SCOPE [--scope SCOPE] [--access FILE] [--note TEXT]

Makes a token, prints it once, and keeps its SHA-256: add it to the table of access, and give the token to who is to use it.

  --tenant NAME   whose spans it sends or sees
  --scope SCOPE   ingest, query or admin; several may be given
  --access FILE   adds it to this table (made if absent), as npm start -- --access FILE reads it; without it the row is printed
  --note TEXT     kept beside it: whose it is
  --help, -h
`;

/** As much as SHA-256 keeps apart; prefixed, so that people and secret scanners know what it is. */
const TOKEN_BYTES = 32;
const PREFIX = "skua_";

/** Only its owner may read it. */
const FILE_MODE = 0o600;

try {
  process.stdout.write(run(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`token: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

function run(argv: readonly string[]): string {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      tenant: { type: "string" },
      scope: { type: "string", multiple: true },
      access: { type: "string" },
      note: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return HELP;
  const { tenant, scope: scopes, access, note } = values;
  if (tenant === undefined || scopes === undefined) throw new Error("expected --tenant and --scope; --help says more");
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
  const row = { sha256: sha256(token).toString("hex"), tenant, scopes, ...(note === undefined ? {} : { note }) };
  checked({ tokens: [row] }, "the token");
  if (access !== undefined) addTo(access, row);
  return access === undefined ? `${token}\n${JSON.stringify(row)}\n` : `${token}\n`;
}

/** Written beside it and moved over it: who reads the table meanwhile reads the old one or the new one. */
function addTo(path: string, row: object): void {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "{}";
  readAccess(text, path);
  const table: { tokens?: readonly object[] } = JSON.parse(text);
  const next = { ...table, tokens: [...(table.tokens ?? []), row] };
  checked(next, path);
  writeFileSync(`${path}.new`, `${JSON.stringify(next, undefined, 2)}\n`, { mode: FILE_MODE });
  renameSync(`${path}.new`, path);
}

function checked(table: object, source: string): void {
  try {
    readAccess(JSON.stringify(table), source);
  } catch (error) {
    throw error instanceof TracingError ? new Error(error.message) : error;
  }
}
