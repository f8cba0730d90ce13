import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonToTraces } from "../../../lib/otlp/json.ts";
import { encodeAttributes } from "../../../lib/store/attributes/item.ts";
import { attributeReader } from "../../../lib/store/attributes/read.ts";
import { keyOf, noteValue, type SeenKey, type SeenKeys } from "../../../lib/store/attributes/seen.ts";
import { itemBatches } from "../../../lib/store/batches.ts";
import { traceWriter } from "../../../lib/store/write.ts";
import { memoryItems } from "../../support/memory-items.ts";

const NOW = Date.UTC(2026, 10, 22, 13, 30);
const MINUTE = 60_000;

interface Value {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly boolValue?: boolean;
}
type Attributes = Readonly<Record<string, Value>>;

const listed = (attributes: Attributes) => Object.entries(attributes).map(([key, value]) => ({ key, value }));

/** A world with one table, to which plans are written at given times. */
function world() {
  const items = memoryItems();
  let now = NOW;
  const clock = () => now;
  const batches = itemBatches({ items, clock, sleep: async () => {}, random: () => 0 });
  const newWriter = () => traceWriter({ batches, retentionHours: 168 });
  let writer = newWriter();
  let written = 0;
  return {
    items,
    restart: () => {
      writer = newWriter();
    },
    async write(service: string, spans: readonly Attributes[], at = NOW, tenant = "t", resource: Attributes = {}) {
      now = at;
      const start = BigInt(at) * 1_000_000n;
      const traces = jsonToTraces(
        Buffer.from(
          JSON.stringify({
            resourceSpans: [
              {
                resource: { attributes: listed({ "service.name": { stringValue: service }, ...resource }) },
                scopeSpans: [
                  {
                    spans: spans.map((attributes, i) => ({
                      traceId: (++written).toString(16).padStart(32, "0"),
                      spanId: (i + 1).toString(16).padStart(16, "0"),
                      name: "work",
                      startTimeUnixNano: String(start),
                      endTimeUnixNano: String(start + 1000n),
                      attributes: listed(attributes),
                      events: [{ name: "retry", attributes: listed({ attempt: { intValue: "3" } }) }],
                    })),
                  },
                ],
              },
            ],
          }),
        ),
      );
      const number = String(written);
      const plan = { stream: "s", shardId: "shard-0", first: number, last: number, at, closed: -1 };
      await writer.write(plan, [{ tenant, receivedNanos: start, traces }]);
    },
    names: (at = now) => attributeReader({ batches, clock: () => at }),
  };
}

describe("attribute names", () => {
  test("say of a service's keys where they stood, of which type, and their frequent values, most frequent first", async () => {
    const { write, names } = world();
    const get = { "http.method": { stringValue: "GET" }, "http.status": { intValue: "200" } };
    const post = {
      "http.method": { stringValue: "POST" },
      "http.status": { stringValue: "none" },
      cached: { boolValue: true },
    };
    await write("web", [get, post, get], NOW, "t", { "host.name": { stringValue: "a1" } });
    await write("db", [{ "db.system": { stringValue: "mysql" } }]);
    expect(await names().attributes("t", "web")).toEqual([
      { key: "attempt", types: ["int"], levels: ["event"], values: ["3"] },
      { key: "cached", types: ["bool"], levels: ["span"], values: ["true"] },
      { key: "event", types: ["string"], levels: ["event"], values: ["retry"] },
      { key: "host.name", types: ["string"], levels: ["resource"], values: ["a1"] },
      { key: "http.method", types: ["string"], levels: ["span"], values: ["GET", "POST"] },
      { key: "http.status", types: ["int", "string"], levels: ["span"], values: ["200", "none"] },
      { key: "service.name", types: ["string"], levels: ["resource"], values: ["web"] },
    ]);
    const all = await names().attributes("t", undefined);
    expect(all.map(({ key }) => key)).toEqual([
      "attempt",
      "cached",
      "db.system",
      "event",
      "host.name",
      "http.method",
      "http.status",
      "service.name",
    ]);
    expect(await names().attributes("t", "cache")).toEqual([]);
    expect(await names().attributes("other", undefined)).toEqual([]);
  });

  test("are written hourly, at once by a new process, and within a minute when there is a key that was not there", async () => {
    const { write, names, items, restart } = world();
    const puts = () => items.stored().filter(({ pk }) => pk.startsWith("V#")).length;
    await write("web", [{ a: { intValue: "1" } }]);
    await write("web", [{ b: { intValue: "2" } }], NOW + MINUTE - 1);
    const keys = async () => (await names().attributes("t", "web")).map(({ key }) => key);
    expect(await keys()).not.toContain("b");
    await write("web", [{ a: { intValue: "1" } }], NOW + MINUTE);
    expect(await keys()).toContain("b");
    restart();
    await write("web", [{ c: { intValue: "3" } }], NOW + MINUTE + 1);
    expect(await keys()).toEqual(["a", "attempt", "b", "c", "event", "service.name"]);
    expect(puts()).toBe(1);
  });

  test("end with the last span that can be found", async () => {
    const { write, names } = world();
    await write("web", [{ a: { intValue: "1" } }]);
    const hours = (n: number) => NOW + n * 60 * MINUTE;
    expect(await names(hours(168)).attributes("t", "web")).not.toEqual([]);
    expect(await names(hours(173)).attributes("t", "web")).toEqual([]);
  });
});

describe("the frequent values of a key", () => {
  const fresh = (): SeenKey => ({ types: new Set(), levels: new Set(), values: new Map() });

  test("are there whatever rare ones come between, in bounded room", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof({ weight: 9, arbitrary: fc.uuid() }, { weight: 1, arbitrary: fc.constantFrom("GET", "POST") }),
          {
            minLength: 400,
            maxLength: 1500,
          },
        ),
        (texts) => {
          const key = fresh();
          for (const text of texts) noteValue(key, text);
          expect(key.values.size).toBeLessThanOrEqual(200);
          const times = Map.groupBy(texts, (text) => text);
          for (const [text, all] of times)
            if (all.length > texts.length / 200) expect(key.values.get(text), text).toBeGreaterThan(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("give way, then keys do, where an item would become too large", () => {
    const keys: SeenKeys = new Map();
    for (let i = 0; i < 900; i++) {
      const key = keyOf(keys, `key-${i}`);
      if (key !== undefined) for (let n = 0; n < 60; n++) noteValue(key, `${i * 7919 + n * 104729}`.repeat(9));
    }
    for (const most of [64 * 1024, 4096, 600])
      expect(encodeAttributes("web", keys, most).length).toBeLessThanOrEqual(most);
    expect(encodeAttributes("web", keys).length).toBeGreaterThan(4096);
  });
});
