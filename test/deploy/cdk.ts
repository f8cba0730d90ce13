import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";

const CLI = join(dirname(createRequire(import.meta.url).resolve("aws-cdk/package.json")), "bin", "cdk");

export interface CdkOptions {
  /** Its output stands here, in cdk-COMMAND.log. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs one command of the CDK's own command line, on the app that cdk.json names. */
export async function cdk([command = "", ...rest]: readonly string[], { folder, env }: CdkOptions): Promise<void> {
  const path = join(folder, `cdk-${command}.log`);
  const log = createWriteStream(path);
  // Each command its own assembly: bootstrap synthesizes without bundling, and a deploy must not find that.
  const args = [CLI, command, "--ci", "--output", join(folder, `cdk-${command}.out`), ...rest];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const [code] = await once(child, "close");
  log.end();
  await finished(log);
  if (code !== 0) throw new Error(`cdk ${command} ended with ${code}:\n${await lastLines(path)}`);
}

const lastLines = async (path: string): Promise<string> =>
  (await readFile(path, "utf8")).trimEnd().split("\n").slice(-30).join("\n");
