// What the table is charged for spans, and holds of them, from the true sizes of the items: full plans of traces of 2,
// 10 and 100 spans that arrive over five seconds, and a shard that takes ten spans a second. Beside it what zstd alone
// makes of the same bytes, which is the least that whole spans can take.
import { constants, zstdCompressSync } from "node:zlib";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { itemBytes, writeUnits } from "../../lib/store/item-bytes.ts";
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
const clock = () => TRAFFIC_START_MILLIS + 4_000_000;
let units = 0;
const sizes = { pages: 0, terms: 0, rows: 0, heads: 0, counts: 0, names: 0, other: 0 };
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
const batches = itemBatches({
  items: {
    ...table,
    async put(items) {
      for (const item of items) {
        units += writeUnits(item);
        bytes += itemBytes(item);
        sizes[sections[item.pk.charAt(0)] ?? "other"] += writeUnits(item);
      }
      return table.put(items);
    },
  },
  ...{ clock, sleep: async () => {}, random: () => 0.5 },
});
const states = readerStates({
  registers: {
    load: (key) => table.load(key),
    async save(key, register) {
      units += 1;
      sizes.other += 1;
      if (itemBytes({ ...key, ...register }) > 1024) throw new Error("a reader's state is more than one write unit");
      return table.save(key, register);
    },
  },
  ...{ stream: "skua/1790000000", retentionSeconds: 86_400, clock },
});
const writer = traceWriter({ batches, retentionHours: 168 });
const number = (i: number) => `4962${String(i).padStart(52, "0")}`;
let spans = 0;
let version = 0;
for (const [i, part] of plans.entries()) {
  const plan = { first: number(i * 1000), last: number(i * 1000 + 999), at: part.atMillis, closed: -1 };
  const open = { ...plan, tries: 1, suspect: undefined, excluded: [] };
  const state = { done: number(i * 1000 - 1), lastAt: part.atMillis, closed: -1 };
  if (!(await states.save("shardId-000000000000", { ...state, plan: open, version: ++version })))
    throw new Error("not saved");
  await writer.write({ ...plan, stream: "skua/1790000000", shardId: "shardId-000000000000" }, part.batches);
  await states.save("shardId-000000000000", { ...state, plan: undefined, version: ++version });
  spans += part.spans;
}
report({
  spans: spans / plans.length,
  unitsPerSpan: units / spans,
  bytesPerSpan: bytes / spans,
  timesZstd: units / spans / (zstdBytes(all) / 1024 / all.reduce((sum, request) => sum + request.spans.length, 0)),
  ...Object.fromEntries(Object.entries(sizes).map(([name, own]) => [name, own / spans])),
});

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
