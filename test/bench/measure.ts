/** What one case's process prints as its last line. */
export type Figures = Readonly<Record<string, number>>;

export const report = (figures: Figures): void => console.log(JSON.stringify(figures));

/** CPU seconds of this process, user and system, that `work` takes. */
export async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/**
 * The same for several kinds of work, in turn, so that each meets the same machine: of each the smallest of several runs
 * after some that warm the process up.
 */
export async function warmCpuSeconds(
  works: readonly (() => unknown)[],
  { warm = 2, runs = 5 } = {},
): Promise<number[]> {
  const least = works.map(() => Number.POSITIVE_INFINITY);
  for (let run = 0; run < warm + runs; run++)
    for (const [i, work] of works.entries()) {
      const seconds = await cpuSeconds(work);
      if (run >= warm) least[i] = Math.min(least[i] as number, seconds);
    }
  return least;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
