import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { authenticate } from "../../lib/runtime/access.ts";
import { readAccess } from "../../lib/runtime/read-access.ts";
import { NODE, temporaryFolder } from "../support/skua-server.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const file = join(folder.path, "access.json");

const token = (...args: string[]) => {
  const { stdout, stderr, status } = spawnSync(NODE, ["infra/operate/token.ts", ...args], { encoding: "utf8" });
  return { stdout, stderr, status };
};

test("a token is shown once, and only its digest is kept, beside those that were there", () => {
  const made = [
    token("--tenant", "acme", "--scope", "ingest", "--access", file, "--note", "agents"),
    token("--tenant", "rook", "--scope", "query", "--scope", "admin", "--access", file),
  ].map(({ stdout }) => stdout.trim());
  const text = readFileSync(file, "utf8");
  const table = readAccess(text, "the file");
  const credential = (at: number) => ({ authorization: `Bearer ${made[at]}`, principal: undefined });
  expect(authenticate(table, credential(0), "ingest")).toBe("acme");
  expect(authenticate(table, credential(1), "admin")).toBe("rook");
  for (const shown of made) {
    expect(shown).toMatch(/^skua_[A-Za-z0-9_-]{43}$/);
    expect(text).not.toContain(shown);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a token without a file comes with the row that stands for it", () => {
  const [shown = "", row = ""] = token("--tenant", "acme", "--scope", "query").stdout.split("\n");
  const table = readAccess(JSON.stringify({ tokens: [JSON.parse(row)] }), "the row");
  expect(authenticate(table, { authorization: `Bearer ${shown}`, principal: undefined }, "query")).toBe("acme");
});

test.each([
  [["--tenant", "a b", "--scope", "query"], "token: the token: tokens.0.tenant: expected"],
  [
    ["--tenant", "a", "--scope", "write"],
    "token: the token: tokens.0.scopes.0: expected one or more of ingest, query, admin",
  ],
  [["--tenant", "a"], "token: expected --tenant and --scope"],
])("%j is refused in words", (args, message) => {
  const { stdout, stderr, status } = token(...args);
  expect([status, stdout, stderr.startsWith(message)]).toEqual([2, "", true]);
});

test("a table that is wrong stays as it is", () => {
  const broken = join(folder.path, "broken.json");
  writeFileSync(broken, '{"tokens": 1}');
  expect(token("--tenant", "a", "--scope", "query", "--access", broken).status).toBe(2);
  expect(readFileSync(broken, "utf8")).toBe('{"tokens": 1}');
});
