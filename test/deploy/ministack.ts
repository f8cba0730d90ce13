import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Certificate } from "./certificate.ts";
import { type Door, send } from "./signed-request.ts";

/** An emulator of AWS that runs bundles on this machine's Node and enforces roles; MIT, from PyPI. */
const VERSION = "1.5.33";

const START_MILLIS = 30_000;

const run = promisify(execFile);

export interface MiniStack {
  readonly door: Door;
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** The path of the program, installed under `folder` if it is not there yet; undefined when what it needs is not here. */
export async function installMiniStack(folder: string): Promise<string | undefined> {
  const environment = join(folder, `ministack-${VERSION}`);
  const program = join(environment, "bin", "ministack");
  // Debian's python3 may come without venv.
  const python = await firstThatRuns(["python3", "python"], ["-c", "import venv, ensurepip"]);
  const openssl = await firstThatRuns(["openssl"], ["version"]);
  if (python === undefined || openssl === undefined) return undefined;
  if (existsSync(program)) return program;
  await run(python, ["-m", "venv", environment]);
  await run(join(environment, "bin", "pip"), [
    "install",
    "--quiet",
    "--disable-pip-version-check",
    `ministack==${VERSION}`,
  ]);
  return program;
}

async function firstThatRuns(programs: readonly string[], args: readonly string[]): Promise<string | undefined> {
  for (const program of programs) {
    const answer = await run(program, args).catch(() => undefined);
    if (answer !== undefined) return program;
  }
  return undefined;
}

export interface MiniStackOptions {
  readonly program: string;
  /** State, logs and temporary files stand here. */
  readonly folder: string;
  readonly certificate: Certificate;
  readonly region: string;
}

/** Starts it with TLS and IAM enforced; ready when this resolves. */
export async function startMiniStack({ program, folder, certificate, region }: MiniStackOptions): Promise<MiniStack> {
  const port = await freePort();
  const folders = { STATE_DIR: join(folder, "state"), S3_DATA_DIR: join(folder, "s3"), TMPDIR: join(folder, "tmp") };
  for (const each of Object.values(folders)) await mkdir(each, { recursive: true });
  const endpoint = `https://127.0.0.1:${port}`;
  const child = spawn(program, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...folders,
      // The functions run on the first Node of the path.
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      BIND_HOST: "127.0.0.1",
      MINISTACK_HOST: "127.0.0.1",
      MINISTACK_REGION: region,
      GATEWAY_PORT: String(port),
      LAMBDA_EXECUTOR: "local",
      AUTH: "true",
      USE_SSL: "1",
      MINISTACK_SSL_CERT: certificate.certificate,
      MINISTACK_SSL_KEY: certificate.key,
      NODE_EXTRA_CA_CERTS: certificate.certificate,
      AWS_CA_BUNDLE: certificate.certificate,
    },
  });
  const log = createWriteStream(join(folder, "ministack.log"));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(hard);
  };
  const door = { port, region, certificate: certificate.certificate };
  const isUp = await untilHealthy(door, ended);
  if (!isUp) {
    await stop();
    throw new Error(`MiniStack did not answer within ${START_MILLIS} ms; its log is ${log.path}`);
  }
  return { door, endpoint, stop };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port to be had on 127.0.0.1");
  return address.port;
}

/** Whether it answered before the time was up or the program ended. */
async function untilHealthy(door: Door, ended: Promise<void>): Promise<boolean> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  for (const end = Date.now() + START_MILLIS; Date.now() < end && !isOver; ) {
    const answer = await send(door, { url: "https://localhost/_ministack/health", service: "" }).catch(() => undefined);
    if (answer?.status === 200) return true;
    await sleep(200);
  }
  return false;
}
