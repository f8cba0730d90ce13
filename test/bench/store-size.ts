// What the table is charged for spans, and holds of them, from the true sizes of the items: full plans of traces of 2,
// 10 and 100 spans that arrive over five seconds, and a shard that takes ten spans a second, its hour merged while it goes on
// and when it is closed. Beside it what zstd alone makes of the same bytes, which is the least that whole spans can take.
import { constants, zstdCompressSync } from "node:zlib";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import { type MergeTask, rollUp } from "../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { itemBytes, writeUnits } from "../../lib/store/item-bytes.ts";
import type { Registers } from "../../lib/store/items.ts";
import type { Batch } from "../../lib/store/port.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { type Request, requests, type Traffic } from "../data/traffic.ts";
import { memoryItems } from "../support/memory-items.ts";
import { report } from "./measure.ts";
import { TRAFFIC_START_MILLIS } from "./requests.ts";

const PLAN_BYTES = 32 * 1024 * 1024;
const [kind = "full", spansPerTrace = "10", randomShare = "0"] = process.argv.slice(2);

const traffic: Traffic =
  kind === "full"
    ? {
        seed: 5,
        spansPerTrace: Number(spansPerTrace),
        traces: Math.ceil(130_000 / Number(spansPerTrace)),
        startMillis: TRAFFIC_START_MILLIS + 60_000,
        spreadMillis: 26_000,
        randomShare: Number(randomShare),
      }
    : { seed: 6, spansPerTrace: 9.5, traces: 3790, startMillis: TRAFFIC_START_MILLIS, spreadMillis: 3_600_000 };

const all = requests(traffic);
/** A window of the event source, or a full plan, whichever comes first. */
const plans = kind === "full" ? byBytes(all) : byWindow(all);
const table = memoryItems();
let now = TRAFFIC_START_MILLIS;
const clock = () => now;
let units = 0;
const sizes = { pages: 0, terms: 0, rows: 0, heads: 0, counts: 0, names: 0, other: 0, merges: 0 };
const sections: Readonly<Record<string, keyof typeof sizes>> = {
  P: "pages",
  I: "terms",
  R: "rows",
  S: "heads",
  D: "heads",
  G: "counts",
  C: "names",
  O: "names",
};
let bytes = 0;
let isRolling = false;
const sectionOf = (pk: string): keyof typeof sizes => (isRolling ? "merges" : (sections[pk.charAt(0)] ?? "other"));
const batches = itemBatches({
  items: {
    ...table,
    async put(items) {
      for (const item of items) {
        units += writeUnits(item);
        bytes += itemBytes(item);
        sizes[sectionOf(item.pk)] += writeUnits(item);
      }
      return table.put(items);
    },
  },
  ...{ clock, sleep: async () => {}, random: () => 0.5 },
});
const registers: Registers = {
  load: (key) => table.load(key),
  async save(key, register) {
    const own = writeUnits({ ...key, ...register });
    units += own;
    sizes[sectionOf(key.pk)] += own;
    if (own > 1 && key.pk.startsWith("K")) throw new Error("a reader's state is more than one write unit");
    return table.save(key, register);
  },
};
const stream = "skua/1790000000";
const shardId = "shardId-000000000000";
const states = readerStates({ registers, stream, retentionSeconds: 86_400, clock });
const writer = traceWriter({ batches, retentionHours: 168 });
const number = (i: number) => `4962${String(i).padStart(52, "0")}`;
const tasks: MergeTask[] = [];
const merging = { batches, registers, clock, random: () => 0.5, retentionHours: 168, mergeMillis: 300_000 };
const roll = rollUp({
  ...merging,
  tasksPerRun: 50,
  dispatch: async (task) => {
    tasks.push(task);
  },
});
let nextRollMillis = now;
let spans = 0;
for (const [i, part] of plans.entries()) {
  await passTime(Math.floor(part.atMillis));
  const { version, closed, lastAt } = await states.load(shardId);
  const plan = { first: number(i * 1000), last: number(i * 1000 + 999), at: Math.max(now, lastAt + 1), closed };
  const open = { ...plan, tries: 1, suspect: undefined, excluded: [] };
  const state = { done: number(i * 1000 - 1), lastAt: plan.at, closed };
  if (!(await states.save(shardId, { ...state, plan: open, version: version + 1 }))) throw new Error("not saved");
  await writer.write({ ...plan, stream, shardId }, part.batches);
  await states.save(shardId, { ...state, plan: undefined, version: version + 2 });
  spans += part.spans;
}
await passTime(now + 2 * 3_600_000);
report({
  spans: spans / plans.length,
  unitsPerSpan: units / spans,
  bytesPerSpan: bytes / spans,
  timesZstd:
    (units - sizes.merges) /
    spans /
    (zstdBytes(all) / 1024 / all.reduce((sum, request) => sum + request.spans.length, 0)),
  ...Object.fromEntries(Object.entries(sizes).map(([name, own]) => [name, own / spans])),
});

/** Rollup is called every minute. What merging costs an hour of full plans, two of them cannot tell: test/bench/merge.ts. */
async function passTime(toMillis: number): Promise<void> {
  isRolling = kind !== "full";
  for (; isRolling && nextRollMillis <= toMillis; nextRollMillis += 60_000) {
    now = nextRollMillis;
    await roll();
    for (const task of tasks.splice(0)) await mergeHour(task, merging);
  }
  isRolling = false;
  now = toMillis;
}

interface Part {
  readonly batches: Batch[];
  readonly atMillis: number;
  bytes: number;
  spans: number;
}

/** Only full plans: what is left over at the end is not one. */
function byBytes(arriving: readonly Request[]): Part[] {
  const parts: Part[] = [];
  let part: Part | undefined;
  for (const request of arriving) {
    if (part === undefined || part.bytes + request.bytes.length > PLAN_BYTES) {
      part = { batches: [], atMillis: request.atMillis, bytes: 0, spans: 0 };
      parts.push(part);
    }
    add(part, request);
  }
  return parts.slice(0, -1);
}

/** The event source hands over what came in five seconds. */
function byWindow(arriving: readonly Request[]): Part[] {
  const windows = Map.groupBy(arriving, ({ atMillis }) => Math.floor(atMillis / 5000));
  return [...windows.values()].map((own) => {
    const part: Part = { batches: [], atMillis: own[0]?.atMillis ?? 0, bytes: 0, spans: 0 };
    for (const request of own) add(part, request);
    return part;
  });
}

function add(part: Part, { bytes: traces, spans: own, atMillis }: Request): void {
  part.batches.push({ tenant: "default", receivedNanos: BigInt(Math.floor(atMillis)) * 1_000_000n, traces });
  part.bytes += traces.length;
  part.spans += own.length;
}

function zstdBytes(arriving: readonly Request[]): number {
  const whole = Buffer.concat(arriving.map((request) => request.bytes));
  let compressed = 0;
  for (let at = 0; at < whole.length; at += 256 * 1024)
    compressed += zstdCompressSync(whole.subarray(at, at + 256 * 1024), {
      params: { [constants.ZSTD_c_compressionLevel]: 6 },
    }).length;
  return compressed;
}
