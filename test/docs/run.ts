/**
 * Runs the commands of the pages that are marked `run`, as they stand, page by page: in a shell, from the project's
 * folder, beside a server that the README's own `npm start` has started. Only ports and the data folder are changed, so
 * that it runs beside anything else. A request that is refused fails, and what a page shows as an answer has to come.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportRequest, newSpanId, wholeTrace } from "../support/otlp.ts";
import { ANY_PORTS } from "../support/skua-server.ts";
import { type Block, blocksOf, commandsOf, PAGES } from "./blocks.ts";

const root = join(import.meta.dirname, "../..");
const isRun = ({ mark }: Block): boolean => mark === "run";
const blocks = PAGES.flatMap(blocksOf).filter(isRun);

/** What the pages ask for, besides what they send themselves. */
const ASKED = { service: "checkout", trace: "0af7651916cd43dd8448eb211c80319c" };

/** The README's second block sends this one. */
const SENT = "5b8efff798038103d269b633813fc60c";

const tally = { passed: 0, failed: 0 };

if (spawnSync("curl", ["--version"]).status !== 0) {
  console.log("curl is not here: the commands of the pages were not run");
  const isCi = process.env.CI === "true";
  console.log(isCi ? "0 passed, 1 failed, 0 skipped" : `0 passed, 0 failed, ${blocks.length} skipped`);
  process.exit(isCi ? 1 : 0);
}

const data = mkdtempSync(join(tmpdir(), "skua-pages-"));
try {
  const stopped = blocks.filter(({ text }) => text.includes("--data .skua"));
  await withServer(async (addresses) => {
    const { otlp, query } = addresses;
    const ask = { headers: { "Content-Type": "application/json" }, method: "POST" };
    const spans = [{ traceId: ASKED.trace, spanId: newSpanId(), name: "place order" }];
    await fetch(`${otlp}/v1/traces`, { ...ask, body: exportRequest(ASKED.service, spans) });
    await wholeTrace(query, ASKED.trace, 1);
    for (const block of blocks) {
      if (stopped.includes(block) || isStart(block)) continue;
      // It is asked for in the next block, as a person would a moment later.
      const isAsking = block.text.includes(SENT) && !block.text.includes("/v1/traces");
      await run(block, addresses, isAsking ? SENT : undefined);
    }
  });
  for (const block of stopped) await run(block, {});
} finally {
  rmSync(data, { recursive: true, force: true });
}
console.log(`${tally.passed} passed, ${tally.failed} failed, 0 skipped`);
process.exitCode = tally.failed === 0 ? 0 : 1;

interface Addresses {
  readonly otlp?: string;
  readonly query?: string;
  readonly sampling?: string;
}

function isStart({ text }: Block): boolean {
  return commandsOf(text).includes("npm start");
}

/** Every command of the block in one shell; a status of 400 or above is a failure of curl, a failed one that of the block. */
async function run(
  { page, line, text, answer }: Block,
  { otlp, query, sampling }: Addresses,
  awaited?: string,
): Promise<void> {
  if (awaited !== undefined && query !== undefined) await wholeTrace(query, awaited, 1);
  const command = text
    .replaceAll("http://127.0.0.1:4318", otlp ?? "")
    .replaceAll("http://127.0.0.1:16686", query ?? "")
    .replaceAll("http://127.0.0.1:5778", sampling ?? "")
    .replaceAll("--data .skua", `--data ${data}`);
  const shell = `set -e\ncurl() { command curl -sS --fail-with-body "$@"; }\n${command}\n`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", shell], { cwd: root, encoding: "utf8" });
  const shown = stdout.replace(/^>.*\n|^\n(?=>|\S)/gm, "").trim();
  const isRight = status === 0 && (answer === undefined || shown === answer.trim()) && isExpected(text, stdout);
  tally[isRight ? "passed" : "failed"]++;
  console.log(isRight ? `ok: ${page}:${line}` : `not ok: ${page}:${line} ended with ${status}\n${stdout}\n${stderr}`);
}

/** The README's own example comes back as what it says. */
function isExpected(text: string, stdout: string): boolean {
  if (text.includes("/v1/traces")) return stdout === '{"partialSuccess":{}}';
  if (!text.includes(`/api/traces/${SENT}`)) return true;
  const [found] = JSON.parse(stdout).data;
  return found.spans[0].operationName === "checkout" && found.processes.p1.serviceName === "shop";
}

/** Started by the README's own line, in a folder and on ports of its own, and stopped as by Ctrl-C. */
async function withServer(use: (addresses: Required<Addresses>) => Promise<void>): Promise<void> {
  const start = blocks.find(isStart);
  if (start === undefined) throw new Error("no page starts the server");
  const line = `npm start -- --data ${data} ${ANY_PORTS.join(" ")}`;
  const server = spawn(line, { cwd: root, shell: true, detached: true });
  const closed = new Promise<void>((done) => {
    server.once("close", () => done());
  });
  try {
    await use(await ready(server));
    tally.passed++;
    console.log(`ok: ${start.page}:${start.line}`);
  } finally {
    if (server.pid !== undefined) process.kill(-server.pid, "SIGTERM");
    await closed;
  }
}

/** The addresses that the server prints when it is ready. */
function ready(server: ReturnType<typeof spawn>): Promise<Required<Addresses>> {
  return new Promise((found, failed) => {
    let printed = "";
    server.once("exit", () => failed(new Error(`npm start ended: ${printed}`)));
    server.stderr?.on("data", (chunk) => {
      printed += chunk;
    });
    server.stdout?.on("data", (chunk) => {
      printed += chunk;
      const line = printed.split("\n").find((text) => text.includes('"ready"'));
      if (line !== undefined && printed.indexOf("\n", printed.indexOf(line)) >= 0) found(JSON.parse(line));
    });
  });
}
