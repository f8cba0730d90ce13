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

/** The same, the smallest of several runs after some that warm the process up. */
export async function warmCpuSeconds(work: () => unknown, { warm = 2, runs = 3 } = {}): Promise<number> {
  for (let i = 0; i < warm; i++) await work();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) least = Math.min(least, await cpuSeconds(work));
  return least;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
