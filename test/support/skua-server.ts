import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SETTINGS } from "../../functions/server/settings-table.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The runtime itself, not a wrapper around it: a signal has to reach the very process. */
export const NODE = join(ROOT, "node_modules/node/bin/node");
/** What npm start gives to Node: the runtime's flags, then the file. */
const MAIN: readonly string[] = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"))
  .scripts.start.split(" ")
  .slice(2);

const READY_MILLIS = 30_000;

export interface SkuaServer {
  readonly otlp: string;
  readonly query: string;
  readonly sampling: string;
  readonly otlpGrpc: string;
  readonly jaegerGrpc: string;
  readonly samplingGrpc: string;
  /** Jaeger's Thrift over HTTP. */
  readonly jaeger: string;
  readonly zipkin: string;
  /** Ports. */
  readonly udp: { readonly compact: number; readonly binary: number };
  readonly health: string;
  /** Prometheus'. */
  readonly metrics: string;
  readonly data: string;
  readonly process: ChildProcess;
  /** From the start of the process until it said that it was ready. */
  readonly readyMillis: number;
  /** Everything it printed as JSON lines so far. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Sends the signal and waits for the end; the exit code, null when the signal itself was the end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ServerOptions {
  readonly data?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** As people start it: npm start. */
  readonly byNpm?: boolean;
  /** No file may become larger, as on a disk that is full; in the shell's own blocks, of 512 bytes or 1,024. */
  readonly fileBlocks?: number;
}

/** A folder of its own, gone when the tests of the file are through. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "skua-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Flags that have every door take any free port. */
export const ANY_PORTS: readonly string[] = Object.values(SETTINGS)
  .map(({ flag }) => flag)
  .filter((flag) => flag.endsWith("-port"))
  .flatMap((flag) => [`--${flag}`, "0"]);

/** Nothing of the caller's own AWS or Skua settings. */
export function bareEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|SKUA|OTEL|NODE_OPTIONS|VITEST)/.test(name));
  return { ...Object.fromEntries(inherited), ...more };
}

/** Runs the server to its end: for calls that are refused, and for --help. */
export async function runServer(flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(NODE, [...MAIN, ...flags], {
    cwd: ROOT,
    env: bareEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code]: (number | null)[] = await once(child, "close");
  return { code, stdout: stdout(), stderr: stderr() };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.on("data", (chunk) => {
    text += String(chunk);
  });
  return () => text;
}

function commandOf({ byNpm, fileBlocks }: ServerOptions): readonly [string, readonly string[]] {
  if (byNpm) return ["npm", ["start", "--"]];
  if (fileBlocks === undefined) return [NODE, MAIN];
  return ["sh", ["-c", `ulimit -f ${fileBlocks}; exec "$0" "$@"`, NODE, ...MAIN]];
}

/** The real server as a child process on free ports, once it says that it is ready. */
export async function startServer(options: ServerOptions): Promise<SkuaServer> {
  const { data, flags = [], env = {} } = options;
  const started = performance.now();
  const args = [...ANY_PORTS, ...(data === undefined ? [] : ["--data", data]), ...flags];
  const [command, first] = commandOf(options);
  const child = spawn(command, [...first, ...args], {
    cwd: ROOT,
    env: bareEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A test that fails half-way leaves nothing running.
  const killed = (): boolean => child.kill("SIGKILL");
  process.once("exit", killed);
  const ended = once(child, "exit").finally(() => process.off("exit", killed));
  const stderr = collect(child.stderr);
  const lines: Record<string, unknown>[] = [];
  const ready = new Promise<Record<string, unknown>>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      const entry: Record<string, unknown> = line.startsWith("{") ? JSON.parse(line) : { msg: line };
      lines.push(entry);
      if (entry.msg === "ready") resolve(entry);
    });
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), READY_MILLIS);
  const hello = await Promise.race([ready, ended.then(() => undefined)]);
  clearTimeout(timer);
  if (hello === undefined) throw new Error(`the server did not start:\n${stderr()}\n${JSON.stringify(lines, null, 1)}`);
  return {
    otlp: String(hello.otlp),
    query: String(hello.query),
    sampling: String(hello.sampling),
    otlpGrpc: String(hello.otlpGrpc),
    jaegerGrpc: String(hello.jaegerGrpc),
    samplingGrpc: String(hello.samplingGrpc),
    jaeger: String(hello.jaeger),
    zipkin: String(hello.zipkin),
    udp: { compact: 0, binary: 0, ...(hello.udp as object) },
    health: String(hello.health),
    metrics: String(hello.metrics),
    data: String(hello.data),
    process: child,
    readyMillis: performance.now() - started,
    lines,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [code]: (number | null)[] = await ended;
      return code ?? null;
    },
  };
}
