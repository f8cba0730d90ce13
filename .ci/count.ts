/** Adds up what the steps' runners counted: node .ci/count.ts FAILED_STEPS LOG... */
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

const [failedSteps = "0", ...logs] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const log of logs)
  for (const line of stripVTControlCharacters(readFileSync(log, "utf8")).split("\n")) {
    // vitest: "Tests  1 failed | 34 passed | 2 skipped (37)"; ours: "3 passed, 0 failed, 1 skipped"
    if (!/^\s*Tests {2}\d|^\d+ passed, \d+ failed/.test(line)) continue;
    for (const [, count, what] of line.matchAll(/(\d+) (passed|failed|skipped)/g))
      total[what as keyof typeof total] += Number(count);
  }
// A step can fail without a test that did: a lint error, a crash.
const failed = Math.max(total.failed, Number(failedSteps));
console.log(`${total.passed} passed, ${failed} failed, ${total.skipped} skipped`);
process.exitCode = failed > 0 || total.passed === 0 ? 1 : 0;
