// What it takes to say who calls whom of a tenant of 5,000 spans a second in an hour that is under way, SECONDS into it: node
// test/bench/dependencies.ts SECONDS. Counts are put as plans put them, and rolled each time that a million more have come.
// `wrong` are the calls in which the answer differs from that of the whole traces.
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { LARGE_SPANS } from "../../lib/store/counts/large-hour.ts";
import { rollOpenCounts } from "../../lib/store/counts/roll.ts";
import { writeUnits } from "../../lib/store/item-bytes.ts";
import type { Dependencies } from "../../lib/store/port.ts";
import { callTraces, plansOf } from "../data/call-traces.ts";
import { edgesOf } from "../oracle/edges.ts";
import { type CountedPlan, putCounts } from "../support/counted-spans.ts";
import { memoryItems } from "../support/memory-items.ts";
import { cpuSeconds, report } from "./measure.ts";

const HOUR_MILLIS = 3_600_000;
const HOUR = 490_000;
const TENANT = "large";
/** Each of about 6.6 spans. */
const TRACES_PER_SECOND = 760;
const STEP_SECONDS = 20;
/** Each step's plans are made at milliseconds of their own: no two share one. */
const SHARDS = 5;
const MINUTE = 60_000;

const start = HOUR * HOUR_MILLIS;
const seconds = Number(process.argv[2] ?? 600);
const table = memoryItems();
let now = start;
const clock = () => now;
const batches = itemBatches({ items: table, clock, sleep: async () => {}, random: () => 0.5 });
const expected = new Map<string, number>();
const figures = { spans: 0, rollSeconds: 0, rolls: 0 };
let waiting: CountedPlan[] = [];
let rolled = 0;

for (let second = 0; second < seconds; second += STEP_SECONDS) {
  const begin = start + second * 1000;
  const startMillis = (fraction: number): number => begin + fraction * STEP_SECONDS * 1000;
  const spans = callTraces({ seed: second, traces: TRACES_PER_SECOND * STEP_SECONDS, services: 12, startMillis });
  for (const [edge, calls] of edgesOf(spans)) expected.set(edge, (expected.get(edge) ?? 0) + calls);
  figures.spans += spans.length;
  const shift = (second / STEP_SECONDS) * SHARDS;
  for (const plan of plansOf(spans, { seed: 3, shards: SHARDS, flushMillis: 5_000 }))
    waiting.push({ ...plan, at: plan.at + shift });
  now = begin + STEP_SECONDS * 1000;
  await putUntil(now);
  if (figures.spans - rolled >= LARGE_SPANS) await roll();
}
await putUntil(Number.POSITIVE_INFINITY);
now += MINUTE;

async function putUntil(millis: number): Promise<void> {
  for (const plan of waiting) if (plan.at < millis) await putCounts(batches, TENANT, plan);
  waiting = waiting.filter(({ at }) => at >= millis);
}

async function roll(): Promise<void> {
  const options = { batches, tenant: TENANT, hour: HOUR, mark: now, retentionHours: 168, random: Math.random };
  figures.rollSeconds += await cpuSeconds(() => rollOpenCounts(options));
  figures.rolls++;
  rolled = figures.spans;
}

async function ask(reader: Dependencies) {
  const begun = performance.now();
  const { edges, isComplete } = await reader.dependencies(TENANT, start, now);
  const millis = performance.now() - begun;
  const found = new Map(edges.map(({ parent, child, calls }) => [`${parent} > ${child}`, calls]));
  const names = new Set([...expected.keys(), ...found.keys()]);
  let wrong = isComplete ? 0 : figures.spans;
  for (const name of names) wrong += Math.abs((expected.get(name) ?? 0) - (found.get(name) ?? 0));
  return { millis, wrong };
}

const reader = dependencyReader({ batches, clock, random: Math.random, retentionHours: 168 });
const cold = await ask(reader);
now += MINUTE;
const warm = await ask(reader);
const units = table
  .stored()
  .filter(({ pk }) => pk.startsWith("M#"))
  .reduce((sum, item) => sum + writeUnits(item), 0);
report({
  ...{ spans: figures.spans, wrong: cold.wrong + warm.wrong, coldMillis: cold.millis, warmMillis: warm.millis },
  ...{ rolls: figures.rolls, rollSeconds: figures.rollSeconds, unitsPerSpan: units / figures.spans },
});
