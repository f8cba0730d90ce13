import type { Tally } from "../deploy/tally.ts";

export interface Check {
  /** Who sends, or what holds. */
  readonly name: string;
  /** Undefined when it passed; else why this machine cannot run it. */
  readonly run: () => Promise<string | undefined>;
}

/** Clients mostly wait for their own start: three at a time keep two cores busy. */
const AT_ONCE = 3;

/** Runs the checks, some at a time, and says what became of each. With `isCi` a skip of what must run is a failure. */
export async function runChecks(checks: readonly Check[]): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...checks];
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) await runCheck(check, tally);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return tally;
}

async function runCheck({ name, run }: Check, tally: Tally): Promise<void> {
  const start = performance.now();
  const took = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    const skipped = await run();
    if (skipped === undefined) tally.passed++;
    else tally.skipped++;
    console.log(skipped === undefined ? `✓ ${name} (${took()})` : `- ${name}: skipped, ${skipped}`);
  } catch (error) {
    tally.failed++;
    console.error(`✗ ${name} (${took()})`, error instanceof Error ? error.message : error);
  }
}
