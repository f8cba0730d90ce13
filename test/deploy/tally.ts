export interface Step {
  /** A sentence about what holds. */
  readonly name: string;
  readonly run: () => Promise<void>;
  /** When it fails, the steps after it mean nothing and are skipped. */
  readonly isVital?: boolean;
}

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs the steps one after the other and says what became of each. */
export async function runSteps(steps: readonly Step[]): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  let isBroken = false;
  for (const { name, run, isVital } of steps) {
    if (isBroken) {
      tally.skipped++;
      console.log(`- ${name}: skipped, a step before failed`);
      continue;
    }
    const start = performance.now();
    try {
      await run();
      tally.passed++;
      console.log(`✓ ${name} (${seconds(start)})`);
    } catch (error) {
      tally.failed++;
      isBroken = isVital === true;
      console.error(`✗ ${name} (${seconds(start)})`, error);
    }
  }
  return tally;
}

const seconds = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

export const summary = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;
