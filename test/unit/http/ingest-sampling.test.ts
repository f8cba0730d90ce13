import { expect, test } from "vitest";
import { ingestApp } from "../../../lib/http/ingest.ts";
import { STRATEGIES_PATH } from "../../../lib/http/sampling.ts";
import { KEEP_ALL_FILE, readStrategies } from "../../../lib/sampling/strategies.ts";

const FILE = '{"service_strategies":[{"service":"shop","type":"probabilistic","param":0.25}]}';
const parts = {
  ingest: async () => ({ acceptedSpans: 0, rejectedSpans: 0, message: "" }),
  tenantOf: () => "t",
  onFault: () => undefined,
  corsOrigins: ["https://shop.example"],
};
const app = ingestApp({ ...parts, strategies: () => readStrategies(FILE, "file"), strategiesFile: () => FILE });

test("clients ask on the address that takes spans, each on the path that it knows", async () => {
  for (const path of ["/sampling?service=shop", "/api/sampling?service=shop"])
    expect(await (await app.request(path)).json()).toMatchObject({ probabilisticSampling: { samplingRate: 0.25 } });
  expect((await app.request("/sampling")).status).toBe(400);
});

test("nobody posts to them: they say what may be asked", async () => {
  for (const path of ["/sampling", "/api/sampling", STRATEGIES_PATH]) {
    const answer = await app.request(path, { method: "POST" });
    expect([answer.status, answer.headers.get("allow"), await answer.text()]).toEqual([
      ...[405, "GET, HEAD"],
      "method not allowed: POST, expected GET\n",
    ]);
  }
});

test("the file is given out as it was written, and a web page may read the answer", async () => {
  const headers = { origin: "https://shop.example" };
  const answer = await app.request("/sampling/strategies.json", { headers });
  expect([await answer.text(), answer.headers.get("access-control-allow-origin")]).toEqual([FILE, headers.origin]);
});

test("what stands for no file says that every trace is kept, as having none does", () => {
  expect(readStrategies(KEEP_ALL_FILE, "file")).toEqual(readStrategies("{}", "file"));
});

test("an address that only takes spans has no such path", async () => {
  const bare = ingestApp({ ...parts, strategies: () => readStrategies(FILE, "file") });
  expect((await bare.request("/sampling?service=shop")).status).toBe(404);
});
