/**
 * npm run bench [-- --runs N] [CASE...]: runs every case, each several times (at most N) in a process of its own, compares
 * the medians with the budgets, and, after all cases, writes docs/performance.md. Fails when a ratio is missed; absolute figures depend on the machine, and are
 * only marked.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { median } from "./measure.ts";
import { page, type Result, resultsOf } from "./page.ts";
import { CASES } from "./targets.ts";

const run = promisify(execFile);
const { values, positionals: chosen } = parseArgs({ options: { runs: { type: "string" } }, allowPositionals: true });
const mostRuns = Number(values.runs ?? Number.POSITIVE_INFINITY);
const results: Result[] = [];
for (const one of CASES) {
  if (chosen.length > 0 && !chosen.includes(one.name)) continue;
  const figures: Record<string, number>[] = [];
  for (let i = 0; i < Math.min(one.runs, mostRuns); i++) {
    const [file = "", ...args] = one.command.split(" ");
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, file), ...args], { maxBuffer: 1e8 });
    figures.push(JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}"));
  }
  const medians = Object.fromEntries(
    Object.keys(figures[0] ?? {}).map((name) => [name, median(figures.map((figure) => figure[name] ?? Number.NaN))]),
  );
  for (const result of resultsOf(one, medians)) {
    results.push(result);
    console.log(`${result.isMet ? "ok  " : result.isRatio ? "MISS" : "slow"} ${one.name}: ${result.text}`);
  }
}
if (chosen.length === 0)
  writeFileSync(
    join(import.meta.dirname, "../../docs/performance.md"),
    page(results, availableParallelism(), mostRuns),
  );
const missed = results.filter((result) => result.isRatio && !result.isMet);
console.log(`${results.length - missed.length} passed, ${missed.length} failed, 0 skipped`);
process.exitCode = missed.length > 0 ? 1 : 0;
