import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { queryApp } from "../../../lib/http/query.ts";
import { jsonToTraces } from "../../../lib/otlp/json.ts";
import { attributeReader } from "../../../lib/store/attributes/read.ts";
import { itemBatches } from "../../../lib/store/batches.ts";
import { dependencyReader } from "../../../lib/store/counts/dependencies.ts";
import { nameReader } from "../../../lib/store/names.ts";
import { traceReader } from "../../../lib/store/reader.ts";
import { traceWriter } from "../../../lib/store/write.ts";
import { memoryItems } from "../../support/memory-items.ts";

const NOW = 1_700_000_010_000;
const golden = (file: string) => readFileSync(new URL(`../../golden/jaeger/${file}`, import.meta.url));

/** The golden requests, written by the store and read over HTTP. */
async function stored(...names: string[]) {
  const clock = () => NOW;
  const batches = itemBatches({ items: memoryItems(), clock, sleep: async () => {}, random: () => 0 });
  const writer = traceWriter({ batches, retentionHours: 168 });
  for (const [i, name] of names.entries()) {
    const plan = { stream: "s", shardId: "shard-0", first: `${i}1`, last: `${i}9`, at: NOW + i, closed: -1 };
    const traces = jsonToTraces(golden(`${name}.otlp.json`));
    await writer.write(plan, [{ tenant: "default", receivedNanos: BigInt(NOW) * 1_000_000n, traces }]);
  }
  const store = {
    ...traceReader({ batches, clock, retentionHours: 168 }),
    ...nameReader({ batches, clock }),
    ...attributeReader({ batches, clock }),
    ...dependencyReader({ batches, clock, random: () => 0, retentionHours: 168 }),
  };
  const onFault = (error: unknown) => {
    throw error;
  };
  return queryApp({ store, clock, tenantOf: () => "default", onFault });
}

interface Shown {
  readonly spans: { readonly spanID: string }[];
}
const bySpan = (trace: Shown) => ({ ...trace, spans: trace.spans.toSorted((a, b) => (a.spanID < b.spanID ? -1 : 1)) });

describe("what was stored is shown as the golden pairs say", () => {
  test.each([
    ["every-value", "?raw=true"],
    ["ids-and-references", "?raw=true"],
    ["processes", "?raw=true"],
    ["adjusted", ""],
  ])("%s", async (name, query) => {
    const expected: Shown & { traceID: string } = JSON.parse(golden(`${name}.jaeger.json`).toString());
    const app = await stored(name);
    const answer = await app.request(`/api/traces/${expected.traceID}${query}`);
    const { data } = (await answer.json()) as { data: Shown[] };
    expect(data.map(bySpan)).toEqual([bySpan(expected)]);
  });
});

describe("a search over what was stored", () => {
  const find = async (query: string) => {
    const app = await stored("adjusted", "ids-and-references");
    const { data, errors } = (await (await app.request(`/api/traces?${query}`)).json()) as {
      data: { traceID: string; spans: unknown[] }[];
      errors: unknown;
    };
    expect(errors).toBeNull();
    return data.map(({ traceID, spans }) => `${traceID.slice(0, 4)}:${spans.length}`);
  };

  test.each([
    ["", ["0af7:4", "5b8a:3"]],
    ["service=queue", ["5b8a:3"]],
    ["service=server&operation=query", ["0af7:4"]],
    ["service=client&operation=query", []],
    ['tags={"a":"2","span.kind":"client"}', ["0af7:4"]],
    ["tag=host.name:right&limit=1", ["0af7:4"]],
    ["minDuration=10ms", ["0af7:4"]],
    ["maxDuration=2us", ["5b8a:3"]],
    ["end=1700000000000000", ["0af7:4", "5b8a:3"]],
    ["start=1700000000000001", ["0af7:4"]],
    ["start=1700000000021001", []],
  ])("%s", async (query, expected) => {
    expect((await find(query)).sort()).toEqual(expected);
  });

  test("lists what came", async () => {
    const app = await stored("adjusted", "ids-and-references");
    expect(await (await app.request("/api/services")).json()).toMatchObject({ data: ["client", "queue", "server"] });
    expect(await (await app.request("/api/operations?service=client")).json()).toMatchObject({
      data: [{ name: "call", spanKind: "client" }],
    });
  });
});
