import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { bareEnvironment } from "../support/skua-server.ts";

/** The slowest is a first start of a JVM beside other programs. */
const PROGRAM_MILLIS = 60_000;

export interface Program {
  readonly words: readonly [command: string, ...args: string[]];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Told of each object that it prints, as it does. */
  readonly onObject?: (printed: Readonly<Record<string, unknown>>) => void;
}

interface Ended {
  /** What it printed as JSON, a line each. */
  readonly printed: readonly Readonly<Record<string, unknown>>[];
  /** What else it said: clients complain there, and end with 0. */
  readonly said: string;
}

/** Runs it to its end, which has to be a good one. */
export async function runProgram({ words, folder, env = {}, onObject }: Program): Promise<Ended> {
  const [command, ...args] = words;
  const child = spawn(command, args, {
    cwd: folder,
    env: bareEnvironment({ PYTHONDONTWRITEBYTECODE: "1", ...env }),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PROGRAM_MILLIS,
    killSignal: "SIGKILL",
  });
  const printed: Record<string, unknown>[] = [];
  let said = "";
  createInterface(child.stdout).on("line", (line) => {
    if (!line.startsWith("{")) {
      said += `${line}\n`;
      return;
    }
    const object: Record<string, unknown> = JSON.parse(line);
    printed.push(object);
    onObject?.(object);
  });
  child.stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}:\n${said}`);
  return { printed, said };
}
