import { spawn } from "node:child_process";
import { once } from "node:events";
import { bareEnvironment } from "../support/skua-server.ts";

/** The slowest is a first start of a JVM beside other programs. */
const PROGRAM_MILLIS = 60_000;

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs it to its end; what it printed as JSON on its last line. */
export async function runProgram({ command, args, folder, env = {} }: Program): Promise<Record<string, unknown>> {
  const child = spawn(command, [...args], {
    cwd: folder,
    env: bareEnvironment({ PYTHONDONTWRITEBYTECODE: "1", ...env }),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PROGRAM_MILLIS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let all = "";
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk);
    all += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    all += String(chunk);
  });
  const [code] = await once(child, "close");
  const last = stdout.trim().split("\n").at(-1) ?? "";
  if (code !== 0 || !last.startsWith("{")) throw new Error(`${args.join(" ")} ended with ${code}:\n${all}`);
  // What a client complains of explains what is missing later.
  const said = all.replace(last, "").trim();
  return { ...JSON.parse(last), said };
}
