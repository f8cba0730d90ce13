import { ok } from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { command, dockerfile, ROOT } from "../support/dockerfile.ts";
import { ANY_PORTS, bareEnvironment, NODE, temporaryFolder } from "../support/skua-server.ts";
import type { Check } from "./checks.ts";

const run = promisify(execFile);

/** Nobody in particular, where there is a choice. */
const ORDINARY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const INSTALL_MILLIS = 300_000;

/** The image as far as it goes without a container: its files, its commands, its user, its read-only root. */
export const imageChecks: readonly Check[] = [
  {
    name: "image: what the Dockerfile copies and runs starts as an ordinary user on a tree that it cannot write",
    async run() {
      const folder = temporaryFolder();
      const tree = join(folder.path, "skua");
      try {
        mkdirSync(join(folder.path, "home"));
        mkdirSync(tree);
        hand(folder.path);
        const env = environment(folder.path);
        for (const { name, rest } of dockerfile()) {
          if (name === "COPY") copy(rest, tree);
          if (name === "RUN") await run("sh", ["-c", rest], { ...ORDINARY, env, cwd: tree, timeout: INSTALL_MILLIS });
        }
        ok(!existsSync(join(tree, "node_modules/vitest")), "what only developers need is there");
        freeze(tree);
        await servesFrom(tree, env);
      } finally {
        chmodSync(tree, 0o755);
        await run("chmod", ["-R", "u+w", folder.path]);
        folder.remove();
      }
      return undefined;
    },
  },
];

/** Node 24, as the image has it, before whatever is on this machine. */
const environment = (folder: string): NodeJS.ProcessEnv =>
  bareEnvironment({
    HOME: join(folder, "home"),
    // Scripts of npm hand theirs on, which another user may not write.
    npm_config_cache: join(folder, "home/.npm"),
    TMPDIR: join(folder, "nowhere"),
    NODE_ENV: "production",
    PATH: `${dirname(NODE)}:${process.env.PATH}`,
  });

function copy(rest: string, tree: string): void {
  const words = rest.split(/\s+/);
  const target = words.pop() ?? "";
  for (const source of words) {
    const place = target.endsWith("/") ? join(tree, target, source) : join(tree, target);
    cpSync(join(ROOT, source), place, { recursive: true });
  }
  hand(tree);
}

/** Everything in it is the ordinary user's. */
function hand(folder: string): void {
  if (ORDINARY.uid === undefined) return;
  for (const path of ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })])
    chownSync(join(folder, path), ORDINARY.uid, ORDINARY.gid);
}

/** Nothing but the data folder can be written any more. */
function freeze(tree: string): void {
  const data = join(tree, "data");
  for (const path of [
    tree,
    ...readdirSync(tree, { recursive: true, encoding: "utf8" }).map((name) => join(tree, name)),
  ])
    if (path !== data && existsSync(path)) chmodSync(path, 0o555);
}

async function servesFrom(tree: string, env: NodeJS.ProcessEnv): Promise<void> {
  const [program = "", ...args] = command();
  const child = spawn(program, [...args, ...ANY_PORTS, "--host", "127.0.0.1", "--data", join(tree, "data")], {
    ...{ ...ORDINARY, cwd: tree, env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killed = (): boolean => child.kill("SIGKILL");
  process.once("exit", killed);
  try {
    const { health, otlp } = await ready(child);
    const status = await fetch(`${health}/status`);
    ok(status.ok, `health answers ${status.status}`);
    const answer = await fetch(`${otlp}/v1/traces`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"resourceSpans":[]}',
    });
    ok(answer.ok, `ingest answers ${answer.status}`);
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    process.off("exit", killed);
  }
}

async function ready(child: ChildProcess): Promise<Record<string, string>> {
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += String(chunk);
  });
  if (child.stdout === null) throw new Error("the server has no output");
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`;
    const entry = line.startsWith("{") ? JSON.parse(line) : {};
    if (entry.msg === "ready") return entry;
  }
  throw new Error(`the server did not start:\n${said}`);
}
