import { parseArgs } from "node:util";
import { type Cost, costOf, type Load } from "../cost.ts";
import { printCommand } from "./command.ts";

const HELP = `npm run cost -- --spans-per-second N [flags]

Says what a month of a deployment costs: dollars of us-east-1, without what an account has for free. docs/cost.md has the formula.

  --spans-per-second N     on average; 0 is a deployment that nobody uses
  --span-bytes N           of a span as it is sent; default 565
  --spans-per-request N    as many as an agent sends at once; default 200
  --retention-days N       as the setting retentionDays; default 7
  --batch-window N         as the setting batchWindowSeconds; default 5
  --stream-mode MODE       as the setting streamMode: provisioned (default) or on-demand
  --shards N               as the setting shards; default as few as the load fits into
  --alerts N               services of the setting alerts, each with both thresholds; default 0
  --help, -h
`;

const OPTIONS = {
  "spans-per-second": { type: "string" },
  "span-bytes": { type: "string", default: "565" },
  "spans-per-request": { type: "string", default: "200" },
  "retention-days": { type: "string", default: "7" },
  "batch-window": { type: "string", default: "5" },
  "stream-mode": { type: "string", default: "provisioned" },
  shards: { type: "string" },
  alerts: { type: "string", default: "0" },
  help: { type: "boolean", short: "h" },
} as const;

await printCommand("cost", run);

function run(args: readonly string[]): string {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help === true) return HELP;
  const streamMode = values["stream-mode"];
  if (streamMode !== "provisioned" && streamMode !== "on-demand")
    throw new Error(`--stream-mode ${streamMode}: expected provisioned or on-demand`);
  const load: Load = {
    spansPerSecond: numberOf("--spans-per-second", values["spans-per-second"], 0),
    bytesPerSpan: numberOf("--span-bytes", values["span-bytes"], 1),
    spansPerRequest: numberOf("--spans-per-request", values["spans-per-request"], 1),
    retentionDays: numberOf("--retention-days", values["retention-days"], 1),
    batchWindowSeconds: numberOf("--batch-window", values["batch-window"], 1),
    streamMode,
    shards: values.shards === undefined ? undefined : numberOf("--shards", values.shards, 1),
    alerts: numberOf("--alerts", values.alerts, 0),
  };
  return table(load, costOf(load));
}

function numberOf(flag: string, text: string | undefined, least: number): number {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < least)
    throw new Error(`${flag} ${text ?? ""}: expected a number from ${least}`);
  return value;
}

function table({ spansPerSecond, streamMode }: Load, { items, perMonth, perMillionSpans, shards }: Cost): string {
  const stream = streamMode === "on-demand" ? "a stream on demand" : `${shards} shard${shards === 1 ? "" : "s"}`;
  const rows = [...Object.entries(items), ["a month", perMonth] as const];
  const lines = rows.map(([name, dollars]) => `${name.padEnd(20)}${dollars.toFixed(2).padStart(12)}`);
  const million =
    perMillionSpans === undefined ? [] : [`${"a million spans".padEnd(20)}${perMillionSpans.toFixed(3).padStart(12)}`];
  return `${[`${spansPerSecond} spans a second, ${stream}, dollars`, ...lines, ...million].join("\n")}\n`;
}
