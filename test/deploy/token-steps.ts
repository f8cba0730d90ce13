import { deepEqual, equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { accessTable, bearer, type Stage } from "./stage.ts";
import type { Step } from "./tally.ts";

const EMPTY = { headers: { "content-type": "application/json" }, body: '{"resourceSpans":[]}' };

/** Who is let in by what he shows. They come first: a warm function reads the table of access once a minute. */
export function tokenSteps(stage: Stage, env: Readonly<Record<string, string>>): Step[] {
  const statusOf = async (token: string) => {
    const { headers } = bearer(token);
    const sent = await stage.ingest("v1/traces", { ...EMPTY, headers: { ...EMPTY.headers, ...headers } });
    const read = await stage.query("api/services", { headers });
    return [sent.status, read.status];
  };
  /** Made by the command that people use. */
  const newToken = async (tenant: string, scope: string): Promise<string> => {
    const { AccessSecret = "" } = await stage.resources();
    const args = ["infra/operate/token.ts", "--secret", AccessSecret, "--tenant", tenant, "--scope", scope];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
    return stdout.trim();
  };
  let reader: string;

  return [
    {
      name: "npm run token adds a token to the secret, and keeps the first one",
      isVital: true,
      run: async () => {
        reader = await newToken("acme", "query");
        const { firstToken, tokens } = await accessTable(stage);
        match(String(firstToken), /^[A-Za-z0-9!-~]{43}$/);
        deepEqual(
          [tokens].flat().map((row) => Object.keys(Object(row)).toSorted().join()),
          ["scopes,sha256,tenant"],
        );
      },
    },
    {
      name: "who shows nothing is asked for a credential, at both URLs",
      run: async () => {
        const answers = [await stage.ingest("v1/traces", EMPTY), await stage.query("api/services")];
        for (const { status, headers } of answers) {
          equal(status, 401);
          match(String(headers["www-authenticate"]), /Bearer/);
        }
        deepEqual(await statusOf("skua_nobody-ever-made-this-one-for-anyone"), [401, 401]);
      },
    },
    {
      name: "a token for reading may not send, and one that a person made reads as soon as it is in the secret",
      run: async () => deepEqual(await statusOf(reader), [403, 200]),
    },
    {
      name: "the first token, from the secret that the output names, sends and reads",
      isVital: true,
      run: async () => deepEqual(await statusOf(String((await accessTable(stage)).firstToken)), [200, 200]),
    },
  ];
}
