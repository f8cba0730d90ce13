import type { Case, Target } from "./targets.ts";

export interface Result {
  readonly case: string;
  readonly target: Target;
  readonly value: number;
  readonly isMet: boolean;
  readonly isRatio: boolean;
  readonly text: string;
}

export function resultsOf({ name, targets }: Case, figures: Readonly<Record<string, number>>): Result[] {
  return targets.map((target) => {
    const value = figures[target.figure] ?? Number.NaN;
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
    const isMet = value >= atLeast && value <= atMost;
    const text = `${target.what}: ${shown(value)} ${target.unit}${bound(target)}`;
    return { case: name, target, value, isMet, isRatio: target.isRatio ?? false, text };
  });
}

const bound = ({ atLeast, atMost }: Target): string =>
  atLeast !== undefined ? ` (at least ${shown(atLeast)})` : atMost !== undefined ? ` (at most ${shown(atMost)})` : "";

/** Three figures are as many as a noisy machine can vouch for. */
function shown(value: number): string {
  if (value === 0 || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** docs/performance.md. */
export function page(results: readonly Result[], cores: number, mostRuns: number): string {
  const cases = Map.groupBy(results, (result) => result.case);
  return [
    "# Performance",
    "",
    `Written by \`npm run bench\` on a machine of ${cores} cores; medians of up to ${Math.min(5, mostRuns)} runs, each in a process of its own, on seeded traffic of a shop of twelve services (\`test/data/traffic.ts\`). A second data set, in which 30 % of the attribute bytes are random, stands beside it. A ratio compares with a baseline measured in the same run and holds on any machine; an absolute figure holds on this one.`,
    ...[...cases].flatMap(([name, own]) => ["", `## ${capital(name)}`, "", ...table(own)]),
    "",
  ].join("\n");
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const table = (results: readonly Result[]): string[] => [
  "| what | measured | budget | |",
  "|---|---:|---:|---|",
  ...results.map(({ target, value, isMet }) => {
    const budget = bound(target).replace(/^ \((.*)\)$/, "$1");
    const verdict = budget === "" ? "" : isMet ? "met" : "missed";
    return `| ${target.what} | ${shown(value)} ${target.unit} | ${budget === "" ? "" : `${budget} ${target.unit}`} | ${verdict} |`;
  }),
];
