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
  let puts = 0;
  const clock = () => now;
  const counted = {
    ...items,
    put(all: Parameters<typeof items.put>[0]) {
      puts += all.filter(({ pk }) => pk.startsWith("V#")).length;
      return items.put(all);
    },
  };
  const batches = itemBatches({ items: counted, clock, sleep: async () => {}, random: () => 0 });
  const newWriter = () => traceWriter({ batches, retentionHours: 168 });
  let writer = newWriter();
  let written = 0;
  const writes =
    (writerOf: () => ReturnType<typeof newWriter>) =>
    async (service: string, spans: readonly Attributes[], at = NOW, tenant = "t", resource: Attributes = {}) => {
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
      await writerOf().write(plan, [{ tenant, receivedNanos: start, traces }]);
    };
  return {
    items,
    restart: () => {
      writer = newWriter();
    },
    write: writes(() => writer),
    newProcess: () => {
      const own = newWriter();
      return writes(() => own);
    },
    /** How often an item of this kind was written. */
    puts: () => puts,
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

  const keysOf = async (names: ReturnType<typeof world>["names"]) =>
    (await names().attributes("t", "web")).map(({ key }) => key);

  test("have a new key as soon as the plan that brought it is written, which may be the last that ever comes", async () => {
    const { write, names, items, restart } = world();
    await write("web", [{ a: { intValue: "1" } }]);
    await write("web", [{ b: { intValue: "2" }, a: { intValue: "7" } }], NOW + 5_000);
    expect(await keysOf(names)).toEqual(["a", "attempt", "b", "event", "service.name"]);
    restart();
    await write("web", [{ c: { intValue: "3" } }], NOW + 5_001);
    expect(await keysOf(names)).toEqual(["a", "attempt", "b", "c", "event", "service.name"]);
    expect(items.stored().filter(({ pk }) => pk.startsWith("V#")).length).toBe(1);
  });

  test("have new types, levels and values within a minute when it is the type or the level that is new, and hourly", async () => {
    const { write, names } = world();
    const a = async () => (await names().attributes("t", "web")).find(({ key }) => key === "a");
    await write("web", [{ a: { intValue: "1" } }]);
    await write("web", [{ a: { stringValue: "x" } }], NOW + MINUTE - 1);
    expect(await a()).toEqual({ key: "a", types: ["int"], levels: ["span"], values: ["1"] });
    await write("web", [{ a: { intValue: "1" } }], NOW + MINUTE);
    expect(await a()).toEqual({ key: "a", types: ["int", "string"], levels: ["span"], values: ["1", "x"] });
    await write("web", [{ a: { intValue: "2" } }], NOW + 59 * MINUTE);
    expect((await a())?.values).toEqual(["1", "x"]);
    await write("web", [{ a: { intValue: "2" } }], NOW + 61 * MINUTE);
    expect((await a())?.values).toEqual(["2", "1", "x"]);
  });

  test("of a service that makes up keys cost some writings an hour, not one with every plan", async () => {
    const { write, names, puts } = world();
    const hourStart = Date.UTC(2026, 10, 22, 13);
    for (let i = 0; i < 720; i++) await write("web", [{ [`key-${i}`]: { intValue: "1" } }], hourStart + i * 5_000);
    expect(puts()).toBeLessThanOrEqual(20 + 60);
    const minuteLater = hourStart + 720 * 5_000 + MINUTE;
    await write("web", [{ last: { intValue: "1" } }], minuteLater);
    // All of them: they are fewer than the 1,000 that a list holds.
    expect(await keysOf(names)).toEqual(expect.arrayContaining(["key-0", "key-719", "last"]));
  });

  test("that another process has written meanwhile are not written again", async () => {
    const { write, puts, newProcess } = world();
    const other = newProcess();
    await write("web", [{ a: { intValue: "1" } }]);
    await other("web", [{ b: { intValue: "1" } }], NOW + 1_000);
    expect(puts()).toBe(2);
    await write("web", [{ b: { intValue: "1" } }], NOW + 2_000);
    expect(puts()).toBe(2);
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
