/** npm run fuzz -- [--count N] [--seed S]: mutated requests through each door. */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});

const count = Number(values.count);
const seed = Number(values.seed);
const started = performance.now();
const counts = fuzz(count, seed);
const seconds = (performance.now() - started) / 1000;
console.log(`${count} mutations for each door from seed ${seed} in ${seconds.toFixed(1)} s`);
for (const [door, own] of counts)
  console.log(`${door}: ${own.refused} refused, ${own.spans} read with spans, ${own.empty} read without`);
