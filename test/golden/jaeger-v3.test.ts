import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { queryApp } from "../../lib/http/query.ts";
import { jsonToTraces } from "../../lib/otlp/json.ts";
import { memoryItems } from "../support/memory-items.ts";
import { openStore } from "../support/search-world.ts";

const NOW = 1_700_000_010_000;
const expected = new URL("jaeger-v3/", import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, expected), "utf8"));

async function stored(name: string) {
  const store = openStore(memoryItems(), NOW);
  const plan = { stream: "s", shardId: "shard-0", first: "1", last: "9", at: NOW, closed: -1 };
  const traces = jsonToTraces(readFileSync(new URL(`jaeger/${name}.otlp.json`, import.meta.url)));
  await store.write(plan, [{ tenant: "default", receivedNanos: BigInt(NOW) * 1_000_000n, traces }]);
  const onFault = (error: unknown) => {
    throw error;
  };
  const app = queryApp({ store, clock: () => NOW, tenantOf: () => "default", onFault });
  return async (path: string) => (await app.request(`/api/v3${path}`)).json();
}

const WINDOW = "query.startTimeMin=2023-11-14T22:13:20Z&query.startTimeMax=2023-11-14T22:13:21Z";

/** What was stored is jaeger/*.otlp.json; what must come out was written by hand from Jaeger's flavour of OTLP's JSON. */
describe("golden pairs of the third API", () => {
  const names = readdirSync(expected).filter((file) => file.endsWith(".v3.json"));
  test.each(names.map((file) => file.replace(".v3.json", "")))("%s", async (name) => {
    const get = await stored(name);
    const raw = name === "adjusted" ? "false" : "true";
    const summary = read(`${name}.summary.json`);
    expect(await get(`/traces/${summary.traceId}?rawTraces=${raw}`)).toEqual(read(`${name}.v3.json`));
    expect(await get(`/traces?${WINDOW}&query.rawTraces=${raw}`)).toEqual(read(`${name}.v3.json`));
    expect(await get(`/trace-summaries?${WINDOW}`)).toEqual({ summaries: [summary] });
  });
});
