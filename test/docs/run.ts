/**
 * Runs the README's commands as they stand: `npm start` in a folder of its own, then the request that sends a span and
 * the one that reads it back. Only the ports are changed, so that it runs beside anything else.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANY_PORTS } from "../support/skua-server.ts";

const root = join(import.meta.dirname, "../..");
const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
  ([, text = ""]) => text.trim(),
);

if (spawnSync("curl", ["--version"]).status !== 0) {
  console.log("curl is not here: the README's commands were not run");
  console.log(process.env.CI === "true" ? "0 passed, 1 failed, 0 skipped" : "0 passed, 0 failed, 2 skipped");
  process.exit(process.env.CI === "true" ? 1 : 0);
}

const find = (what: string): string => {
  const block = blocks.find((text) => text.includes(what));
  if (block === undefined) throw new Error(`README.md has no command with ${what}`);
  return block;
};

const data = mkdtempSync(join(tmpdir(), "skua-readme-"));
const start = find("npm start");
const server = spawn(`${start.split("\n").at(-1)} -- --data ${data} ${ANY_PORTS.join(" ")}`, {
  cwd: root,
  shell: true,
  detached: true,
});
try {
  const { otlp, query } = await ready();
  const shell = (command: string) =>
    spawnSync("sh", ["-c", command.replace("http://127.0.0.1:4318", otlp).replace("http://127.0.0.1:16686", query)], {
      encoding: "utf8",
    }).stdout;
  check("sends a span", shell(find("/v1/traces")), (answer) => answer === '{"partialSuccess":{}}');
  const readBack = find("/api/traces/");
  const deadline = Date.now() + 5_000;
  let trace = shell(readBack);
  while (!trace.includes('"operationName"') && Date.now() < deadline) trace = shell(readBack);
  check("gets it back as Jaeger JSON", trace, (answer) => {
    const [found] = JSON.parse(answer).data;
    return found.spans[0].operationName === "checkout" && found.processes.p1.serviceName === "shop";
  });
  console.log("2 passed, 0 failed, 0 skipped");
} finally {
  if (server.pid !== undefined) process.kill(-server.pid, "SIGTERM");
  await new Promise((done) => server.once("close", done));
  rmSync(data, { recursive: true });
}

function check(what: string, answer: string, holds: (answer: string) => boolean): void {
  if (holds(answer)) {
    console.log(`ok: ${what}`);
    return;
  }
  console.log(`not ok: ${what}: ${answer}`);
  console.log("0 passed, 1 failed, 0 skipped");
  process.exitCode = 1;
  throw new Error(`the README's command that ${what} does not`);
}

/** The addresses that the server prints when it is ready. */
function ready(): Promise<{ otlp: string; query: string }> {
  return new Promise((found, failed) => {
    let printed = "";
    server.once("exit", () => failed(new Error(`npm start ended: ${printed}`)));
    server.stderr.on("data", (chunk) => {
      printed += chunk;
    });
    server.stdout.on("data", (chunk) => {
      printed += chunk;
      const line = printed.split("\n").find((text) => text.includes('"ready"'));
      if (line !== undefined && printed.indexOf("\n", printed.indexOf(line)) >= 0) found(JSON.parse(line));
    });
  });
}
