import { beforeAll, describe, expect, test } from "vitest";
import { type TraceId, traceId } from "../../../../lib/model/ids.ts";
import type { Trace } from "../../../../lib/model/span.ts";
import type { TraceQuery } from "../../../../lib/model/trace-query.ts";
import type { Items } from "../../../../lib/store/items.ts";
import type { TraceStore } from "../../../../lib/store/port.ts";
import { type ReadCost, type ReadLimits, SEARCH_LIMITS, TRACE_LIMITS } from "../../../../lib/store/read/cost.ts";
import { Random } from "../../../data/random.ts";
import type { PlainSpan } from "../../../data/search-traces.ts";
import { collidingIds } from "../../../support/colliding-ids.ts";
import { type MemoryItems, memoryItems } from "../../../support/memory-items.ts";
import { HOUR, HOUR_NANOS, HOUR_START, plainSpan, TRACE } from "../../../support/plain-span.ts";
import { HOUR_MILLIS, openStore, writeAll } from "../../../support/search-world.ts";

const NOW = (HOUR + 1) * HOUR_MILLIS;
const TENANT = "shop";
const EVERYTHING: TraceQuery = {
  service: undefined,
  operation: undefined,
  tags: [],
  startMinNanos: 0n,
  startMaxNanos: BigInt(NOW) * 1_000_000n,
  durationMinNanos: undefined,
  durationMaxNanos: undefined,
  limit: 20,
};

async function write(store: TraceStore, number: number, spans: readonly PlainSpan[], at = NOW + number): Promise<void> {
  const plan = { stream: "spans/1", shardId: "0", first: `${number}`, last: `${number}`, at, closed: -1 };
  await writeAll(store, TENANT, [{ plan, batches: [{ received: BigInt(NOW) * 1_000_000n, spans }] }]);
}

async function find(store: TraceStore, more: Partial<TraceQuery> = {}) {
  const found = store.find(TENANT, { ...EVERYTHING, ...more });
  const traces: Trace[] = [];
  for await (const trace of found.traces) traces.push(trace);
  return { traces, isComplete: found.isComplete() };
}

/** Spans that fill parts of their own: 6,000 of 600 traces. */
const manySpans = (hour: bigint, service = "frontend"): PlainSpan[] =>
  Array.from({ length: 6000 }, (_, i) =>
    plainSpan({
      service,
      traceId: `${hour}${i % 600}`.padStart(32, "7"),
      start: hour * HOUR_NANOS + BigInt(i) * 10_000_000n,
      attributes: [
        ["n", { int: BigInt(i) }],
        ["text", { string: `${Math.sin(i)} ${Math.cos(i)} ${Math.tan(i)}` }],
      ],
    }),
  );

describe("round trips to the table, one after the other", () => {
  const costs: ReadCost[] = [];
  const items = memoryItems();
  const writer = openStore(items, NOW);
  const cold = (): TraceStore => openStore(items, NOW, { onRead: (_, cost) => costs.push(cost) });
  const hour = BigInt(HOUR);

  test("a week of segments is written", async () => {
    for (let n = 0; n < 7; n++) await write(writer, n, manySpans(hour - BigInt(n) * 24n));
    await write(writer, 7, manySpans(hour, "cart"));
    expect(items.stored().some(({ pk }) => pk.startsWith("R#"))).toBe(true);
  });

  test("a trace by its id takes 4 where hours are not merged, and none for parts when it is read again", async () => {
    const store = cold();
    const id = traceId(`${hour}42`.padStart(32, "7"));
    expect((await store.trace(TENANT, id))?.spans).toHaveLength(20);
    expect(costs.at(-1)?.roundTrips).toBeLessThanOrEqual(4);
    await store.trace(TENANT, id);
    expect(costs.at(-1)?.roundTrips).toBe(1);
  });

  test("a service within the last hour takes at most 5", async () => {
    const recent = { startMinNanos: HOUR_START, startMaxNanos: HOUR_START + HOUR_NANOS };
    const { traces } = await find(cold(), { service: "cart", ...recent });
    expect(traces).toHaveLength(20);
    expect(costs.at(-1)?.roundTrips).toBeLessThanOrEqual(5);
    expect(costs.at(-1)?.bytes).toBeLessThan(4_000_000);
  });

  test("a rare tag within a week takes at most 6 where hours are not merged", async () => {
    const { traces } = await find(cold(), { tags: [{ key: "n", value: "4321" }] });
    expect(traces).toHaveLength(7);
    expect(costs.at(-1)?.roundTrips).toBeLessThanOrEqual(6);
  });
});

describe("a budget", () => {
  const items = memoryItems();
  const inThisHour = { startMinNanos: HOUR_START, limit: 600 };
  const search = (searchLimits: Partial<ReadLimits>) =>
    find(openStore(items, NOW, { searchLimits: { ...SEARCH_LIMITS, ...searchLimits } }), inThisHour);
  const idsOf = (traces: readonly Trace[]): string[] => traces.map((trace) => trace.traceId);

  beforeAll(() => write(openStore(items, NOW), 1, manySpans(BigInt(HOUR))));

  test("that lasts lets a search say that it saw everything", async () => {
    const { traces, isComplete } = await search({});
    expect([traces.length, isComplete]).toEqual([600, true]);
  });

  test.each([{ gets: 14 }, { bytes: 200_000 }, { gets: 3 }])(
    "that ends leaves what was found in order, and says that there may be more: %o",
    async (limits) => {
      const { traces, isComplete } = await search(limits);
      const whole = await search({});
      expect(isComplete).toBe(false);
      expect(traces.length).toBeLessThan(600);
      if (limits.gets !== 3) expect(traces.length).toBeGreaterThan(0);
      expect(idsOf(traces)).toEqual(idsOf(whole.traces).slice(0, traces.length));
    },
  );
});

describe("what the table does not show", () => {
  const id = traceId(`${HOUR}42`.padStart(32, "7"));

  async function written(): Promise<MemoryItems> {
    const items = memoryItems();
    const store = openStore(items, NOW);
    await write(store, 1, manySpans(BigInt(HOUR)));
    await write(store, 2, [plainSpan({ traceId: id })]);
    return items;
  }

  /** The table, but for what is lost. */
  const without = (items: MemoryItems, isLost: (pk: string) => boolean): Items => ({
    get: async (keys, consistent) => {
      const { items: found, left } = await items.get(keys, consistent);
      return { items: found.filter(({ pk }) => !isLost(pk)), left };
    },
    query: (query) => items.query(query),
    put: (all) => items.put(all),
  });

  test("at first is read again consistently", async () => {
    const items = await written();
    items.faults = ({ name }) => (name === "get" ? { hides: () => true } : undefined);
    const trace = await openStore(items, NOW).trace(TENANT, id);
    expect([trace?.spans.length, trace?.warnings]).toEqual([11, []]);
    expect((await find(openStore(items, NOW))).isComplete).toBe(true);
  });

  test("at all is a warning on the trace, beside the spans that are left", async () => {
    const items = await written();
    const noPages = openStore(
      without(items, (pk) => pk.startsWith("P#")),
      NOW,
    );
    const trace = await noPages.trace(TENANT, id);
    expect(trace?.spans).toHaveLength(1);
    expect(trace?.warnings).toEqual([
      expect.stringMatching(/^\d+ stored parts? that may hold spans of this trace could not be read$/),
    ]);
    const noTerms = openStore(
      without(items, (pk) => pk.startsWith("I#")),
      NOW,
    );
    expect((await noTerms.trace(TENANT, id))?.warnings).toHaveLength(1);
  });

  test.each(["P#", "R#", "I#"])("makes a search incomplete when it may have held matches: %s", async (kind) => {
    const items = await written();
    const lacking = openStore(
      without(items, (pk) => pk.startsWith(kind)),
      NOW,
    );
    const { isComplete, traces } = await find(lacking, { tags: [{ key: "n", value: "17" }], service: "frontend" });
    expect([isComplete, traces.length]).toEqual([false, 0]);
  });
});

test("a trace larger than anyone can look at is cut, and says so in Jaeger's words", async () => {
  const store = openStore(memoryItems(), NOW);
  const spans = Array.from({ length: 50_001 }, (_, i) => plainSpan({ start: HOUR_START + BigInt(i) }));
  for (let n = 0; n < 3; n++) await write(store, n, spans.slice(n * 20_000, (n + 1) * 20_000));
  const trace = await store.trace(TENANT, traceId(TRACE));
  expect(trace?.spans).toHaveLength(50_000);
  expect(trace?.warnings).toEqual(["trace has more than 50000 spans, showing first 50000 spans only"]);
});

test("a trace that may go on beyond a day around the span that was found says so", async () => {
  const store = openStore(memoryItems(), NOW);
  const far = HOUR_START - 24n * HOUR_NANOS;
  await write(store, 1, [plainSpan(), plainSpan({ start: far }), plainSpan({ start: far - HOUR_NANOS })]);
  const { traces } = await find(store, { startMinNanos: HOUR_START });
  expect(traces[0]?.spans).toHaveLength(2);
  expect(traces[0]?.warnings).toEqual(["spans more than 24 hours away from the one that was found are not shown"]);
});

test("a plan whose heads appear after those of a later plan is seen by a reader that knows the later one", async () => {
  const store = openStore(memoryItems(), NOW);
  await write(store, 2, [plainSpan({ traceId: "1".repeat(32) })], NOW + 60_000);
  expect((await find(store)).traces).toHaveLength(1);
  await write(store, 1, [plainSpan({ traceId: "2".repeat(32) })], NOW);
  expect((await find(store)).traces).toHaveLength(2);
});

test("traces that share the hash by which rows and terms know them are told apart", async () => {
  const [one = "", other = ""] = collidingIds(new Random(1), 1).sort();
  const store = openStore(memoryItems(), NOW);
  const spansOf = (id: string, starts: readonly bigint[]): PlainSpan[] =>
    starts.map((start) => plainSpan({ traceId: id, start: HOUR_START + start }));
  await write(store, 1, [...spansOf(one, [50n, 40n, 3n]), ...spansOf(other, [50n, 20n])]);
  await write(store, 2, [...spansOf(one, [30n]), ...spansOf(other, [10n, 9n])]);
  const sizes = ({ traces }: { readonly traces: readonly Trace[] }) =>
    traces.map((trace) => [trace.traceId, trace.spans.length]);
  expect(sizes(await find(store))).toEqual([
    [one, 4],
    [other, 4],
  ]);
  expect(sizes(await find(store, { limit: 1 }))).toEqual([[one, 4]]);
  expect(sizes(await find(store, { startMaxNanos: HOUR_START + 25n }))).toEqual([
    [other, 4],
    [one, 4],
  ]);
  for (const id of [one, other]) expect((await store.trace(TENANT, traceId(id)))?.spans).toHaveLength(4);
});

test("an operation whose name is too long for the rows is found by its whole name, and by no other", async () => {
  const store = openStore(memoryItems(), NOW);
  const name = "SELECT ".repeat(400);
  await write(store, 0, [plainSpan({ service: "db", name })]);
  expect((await find(store, { service: "db", operation: name })).traces).toHaveLength(1);
  expect((await find(store, { service: "db", operation: `${name}!` })).traces).toEqual([]);
});

describe("attributes of which not all are terms", () => {
  const many = (count: number): PlainSpan["attributes"] =>
    Array.from({ length: count }, (_, i) => [`k${i}`, { string: `v${i}` }]);
  const service = ["service.name", { string: "wide" }] as const;

  async function findsOf(tag: string): Promise<(string | undefined)[]> {
    const store = openStore(memoryItems(), NOW);
    const resource = { attributes: [service, ...many(600)] };
    const scope = { name: "", version: "", attributes: many(700) };
    await write(store, 1, [
      plainSpan({ traceId: "1".repeat(32), attributes: many(100), start: HOUR_START + 4n }),
      plainSpan({ traceId: "2".repeat(32), resource, start: HOUR_START + 3n }),
      plainSpan({ traceId: "3".repeat(32), scope, start: HOUR_START + 2n }),
      plainSpan({ traceId: "4".repeat(32), attributes: many(10), start: HOUR_START + 1n }),
    ]);
    await write(store, 2, [plainSpan({ traceId: "5".repeat(32), attributes: many(10) })]);
    const [key = "", value = ""] = tag.split("=");
    const { traces, isComplete } = await find(store, { tags: [{ key, value }], startMaxNanos: HOUR_START + 9n });
    expect(isComplete).toBe(true);
    return traces.map((trace) => trace.traceId[0]);
  }

  test.each([
    ["k1=v1", ["1", "2", "3", "4"]],
    ["k99=v99", ["1", "2", "3"]],
    ["k599=v599", ["2", "3"]],
    ["k699=v699", ["3"]],
    ["resource.k599=v599", ["2"]],
    ["k99=v98", []],
  ])("are all found: %s", async (tag, expected) => {
    expect(await findsOf(tag)).toEqual(expected);
  });
});

describe("traces by their ids", () => {
  const ids = Array.from({ length: 10 }, (_, i) => traceId(`${i}a`.padStart(32, "0")));
  const absent = traceId("f".repeat(32));
  const items = memoryItems();
  beforeAll(async () => {
    const writer = openStore(items, NOW);
    for (const [n, id] of ids.entries()) await write(writer, n, [plainSpan({ traceId: id })]);
  });

  async function get(store: TraceStore, asked: readonly TraceId[]) {
    const found = store.traces(TENANT, asked);
    const traces: string[] = [];
    for await (const trace of found.traces) traces.push(trace.traceId);
    return { traces, isComplete: found.isComplete() };
  }

  /** Its clock goes on by a millisecond each time it is looked at. */
  function hurried(millis: number): TraceStore {
    let now = NOW;
    return openStore(items, NOW, { clock: () => now++, traceLimits: { ...TRACE_LIMITS, millis } });
  }

  test("come in the order asked for, without those that are not there, and cost one question", async () => {
    const costs: ReadCost[] = [];
    const store = openStore(items, NOW, { onRead: (_, cost) => costs.push(cost) });
    const asked = [...ids.slice(5), absent, ...ids.slice(0, 5)];
    expect(await get(store, asked)).toEqual({ traces: asked.filter((id) => id !== absent), isComplete: true });
    expect(costs).toHaveLength(1);
  });

  test("come as far as their common time lasts", async () => {
    const { traces, isComplete } = await get(hurried(1500), ids);
    expect(isComplete).toBe(false);
    expect(traces.length).toBeGreaterThan(0);
    expect(traces).toEqual(ids.slice(0, traces.length));
  });

  test("are looked up in turns with others, however many segments there are", async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    const store = hurried(100_000);
    await store.trace(TENANT, absent);
    setImmediate(count);
    await get(store, Array<TraceId>(60).fill(absent));
    isOver = true;
    // 600 looks into segments, each a millisecond of this clock, 20 of them a turn, of three traces at the same time.
    expect(turns).toBeGreaterThan(10);
  });

  test("are a fault when one alone takes too long, so that nobody takes it for absent", async () => {
    await expect(hurried(10).trace(TENANT, absent)).rejects.toMatchObject({ code: "unavailable" });
    expect(await hurried(100_000).trace(TENANT, absent)).toBeUndefined();
  });
});
