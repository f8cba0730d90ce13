import { beforeAll, describe, expect, test } from "vitest";
import { traceId } from "../../lib/model/ids.ts";
import type { Trace } from "../../lib/model/span.ts";
import type { TraceQuery } from "../../lib/model/trace-query.ts";
import type { Items } from "../../lib/store/items.ts";
import type { TraceStore } from "../../lib/store/port.ts";
import { type PlainSpan, searchTraces } from "../data/search-traces.ts";
import { searchOracle } from "../oracle/search.ts";
import { HOUR, HOUR_NANOS, HOUR_START, plainSpan, TRACE } from "../support/plain-span.ts";
import { HOUR_MILLIS, openStore, RETENTION_HOURS, writeAll } from "../support/search-world.ts";
import { expectedText, storedText } from "../support/seen-spans.ts";

const NOW = (HOUR + 2) * HOUR_MILLIS;
const MINUTE = 60_000_000_000n;
const OTHER = "ffffffffffffffffffffffffffffffff";

/** What any table must give a store of traces. Every test has a tenant of its own, so that they may share one table. */
export function traceStoreContract(open: () => Promise<Items>): void {
  let items: Items;
  let tenant = "";
  let tests = 0;
  let plans = 0;
  beforeAll(async () => {
    items = await open();
  });
  const opened = (nowMillis = NOW): TraceStore => {
    tenant = `tenant ${++tests}`;
    return openStore(items, nowMillis);
  };

  /** One plan for each list of spans. */
  async function write(store: TraceStore, lists: readonly (readonly PlainSpan[])[], closed = -1): Promise<void> {
    for (const spans of lists) {
      const number = `${++plans}`;
      const plan = { stream: "spans/1", shardId: "0", first: number, last: number, at: NOW + plans, closed };
      await writeAll(store, tenant, [{ plan, batches: [{ received: BigInt(NOW) * 1_000_000n, spans }] }]);
    }
  }

  const find = async (store: TraceStore, more: Partial<TraceQuery> = {}): Promise<Trace[]> => {
    const { traces, isComplete } = store.find(tenant, { ...EVERYTHING, ...more });
    const found: Trace[] = [];
    for await (const trace of traces) found.push(trace);
    expect(isComplete()).toBe(true);
    return found;
  };
  const idsOf = (traces: readonly Trace[]): string[] => traces.map((trace) => trace.traceId);
  const spanIds = (trace: Trace | undefined): string[] => (trace?.spans ?? []).map((span) => span.spanId).sort();

  describe("a trace by its id", () => {
    test("has every span as it was sent, whatever plan and hour each came in", async () => {
      const store = opened();
      const traces = [...searchTraces({ seed: 9, traces: 60, from: HOUR_START - 3n * HOUR_NANOS, hours: 4 })];
      const lists = [0, 1, 2].map((n) => traces.flatMap((spans) => spans.filter((_, i) => i % 3 === n)));
      await write(store, lists, HOUR - 2);
      const oracle = searchOracle(lists.map((spans) => ({ received: BigInt(NOW) * 1_000_000n, spans })));
      for (const [span] of traces) {
        const id = span?.traceId ?? "";
        const trace = await store.trace(tenant, traceId(id));
        expect(trace?.spans.map(storedText).sort()).toEqual(oracle.trace(id).map(expectedText).sort());
        expect(trace?.warnings).toEqual([]);
      }
    });

    test("is undefined when no span of it is stored", async () => {
      const store = opened();
      await write(store, [[plainSpan()]]);
      expect(await store.trace(tenant, traceId(OTHER))).toBeUndefined();
    });

    test("is found near a hint, and everywhere when the hint is wrong", async () => {
      const store = opened();
      await write(store, [[plainSpan({ start: HOUR_START - 100n * HOUR_NANOS })]]);
      for (const startNanos of [HOUR_START - 90n * HOUR_NANOS, HOUR_START, 1n])
        expect((await store.trace(tenant, traceId(TRACE), { startNanos, endNanos: undefined }))?.spans).toHaveLength(1);
    });

    test("shows the same span sent twice once, and the same id with other content twice", async () => {
      const store = opened();
      const span = plainSpan();
      const shared = { ...span, kind: 3 };
      const elsewhere = { ...span, resource: { attributes: [["service.name", { string: "cart" }]] as const } };
      await write(store, [[span, shared], [span, elsewhere], [span]]);
      const trace = await store.trace(tenant, traceId(TRACE));
      expect(spanIds(trace)).toEqual([span.spanId, span.spanId, span.spanId]);
    });

    test("ends with the retention, even while the table still has it", async () => {
      const store = opened();
      await write(store, [[plainSpan()]]);
      const later = opened((HOUR + 1 + RETENTION_HOURS) * HOUR_MILLIS - 1);
      tenant = `tenant ${tests - 1}`;
      expect(spanIds(await later.trace(tenant, traceId(TRACE)))).toHaveLength(1);
      const tooLate = openStore(items, (HOUR + 1 + RETENTION_HOURS) * HOUR_MILLIS);
      expect(await tooLate.trace(tenant, traceId(TRACE))).toBeUndefined();
      expect(await find(tooLate)).toEqual([]);
    });
  });

  describe("a search", () => {
    test("gives traces by their newest matching span, newest first, ties by trace id, up to the limit", async () => {
      const store = opened();
      const id = (n: number): string => `${n}`.repeat(32);
      await write(store, [
        [plainSpan({ traceId: id(3), start: HOUR_START }), plainSpan({ traceId: id(1), start: HOUR_START + 5n })],
        // Newer, but of another name, so it does not count.
        [
          plainSpan({ traceId: id(3), start: HOUR_START + 9n, name: "other" }),
          plainSpan({ traceId: id(2), start: HOUR_START }),
        ],
        [plainSpan({ traceId: id(4), start: HOUR_START - 1n })],
      ]);
      expect(idsOf(await find(store, { operation: "GET /" }))).toEqual([id(1), id(2), id(3), id(4)]);
      expect(idsOf(await find(store, { operation: "GET /", limit: 2 }))).toEqual([id(1), id(2)]);
    });

    test("gives whole traces: spans of other services, hours and plans too", async () => {
      const store = opened();
      const spans = [
        plainSpan({ service: "cart", start: HOUR_START }),
        plainSpan({ service: "frontend", start: HOUR_START - 5n * HOUR_NANOS }),
        plainSpan({ service: "frontend", start: HOUR_START + HOUR_NANOS }),
      ];
      await write(
        store,
        spans.map((span) => [span]),
      );
      const [trace] = await find(store, { service: "cart", startMinNanos: HOUR_START, startMaxNanos: HOUR_START });
      expect(spanIds(trace)).toEqual(spans.map((span) => span.spanId).sort());
    });

    test("wants all conditions on one and the same span", async () => {
      const store = opened();
      await write(store, [
        [
          plainSpan({ service: "cart", attributes: [["a", { int: 1n }]] }),
          plainSpan({ service: "frontend", attributes: [["b", { bool: true }]] }),
        ],
      ]);
      const a = { key: "a", value: "1" };
      const b = { key: "b", value: "true" };
      expect(await find(store, { tags: [a, b] })).toEqual([]);
      expect(await find(store, { service: "frontend", tags: [a] })).toEqual([]);
      expect(await find(store, { service: "cart", tags: [a] })).toHaveLength(1);
    });

    test("takes both ends of window and duration as inside", async () => {
      const store = opened();
      const start = HOUR_START + MINUTE;
      await write(store, [[plainSpan({ start, end: start + 2000n })]]);
      const exact = { startMinNanos: start, startMaxNanos: start, durationMinNanos: 2000n, durationMaxNanos: 2000n };
      expect(await find(store, exact)).toHaveLength(1);
      for (const off of [
        { startMinNanos: start + 1n, startMaxNanos: start + 1n },
        { startMinNanos: start - 1n, startMaxNanos: start - 1n },
        { durationMinNanos: 2001n, durationMaxNanos: undefined },
        { durationMinNanos: undefined, durationMaxNanos: 1999n },
      ])
        expect(await find(store, { ...exact, ...off })).toEqual([]);
    });

    test("finds what came after its hour was closed, beside what came before", async () => {
      const store = opened();
      await write(store, [[plainSpan({ traceId: OTHER })]]);
      await write(store, [[plainSpan({ start: HOUR_START + 2n * MINUTE })]], HOUR);
      expect(idsOf(await find(store))).toEqual([TRACE, OTHER]);
    });

    test("sees at once what was written since the search before", async () => {
      const store = opened();
      expect(await find(store)).toEqual([]);
      await write(store, [[plainSpan({ traceId: OTHER })]]);
      expect(idsOf(await find(store))).toEqual([OTHER]);
      await write(store, [[plainSpan({ start: HOUR_START + 2n * MINUTE })]]);
      expect(idsOf(await find(store))).toEqual([TRACE, OTHER]);
    });

    test("gives another tenant nothing", async () => {
      const store = opened();
      await write(store, [[plainSpan()]]);
      tenant += "#";
      expect(await find(store)).toEqual([]);
      expect(await store.trace(tenant, traceId(TRACE))).toBeUndefined();
      expect(await store.services(tenant)).toEqual([]);
    });

    test("of a segment of many parts reads as of a small one", async () => {
      const store = opened();
      const spans = Array.from({ length: 9000 }, (_, i) =>
        plainSpan({
          traceId: `${i % 900}`.padStart(32, "5"),
          start: HOUR_START + BigInt(i) * 1_000_000n,
          name: i === 17 ? "rare" : "GET /",
          attributes: [
            ["n", { int: BigInt(i) }],
            ["text", { string: `${Math.sin(i)}${Math.cos(i)}` }],
          ],
        }),
      );
      await write(store, [spans]);
      expect(idsOf(await find(store, { limit: 2 }))).toEqual(["899", "898"].map((n) => n.padStart(32, "5")));
      expect((await find(store, { limit: 1 }))[0]?.spans).toHaveLength(10);
      expect(idsOf(await find(store, { operation: "rare" }))).toEqual(["17".padStart(32, "5")]);
      expect(idsOf(await find(store, { tags: [{ key: "n", value: "4400" }] }))).toEqual(["800".padStart(32, "5")]);
    });
  });

  test("services and operations are those of the spans as searches see them", async () => {
    const store = opened();
    await write(store, [
      [plainSpan({ service: "cart", name: "", kind: 0 }), plainSpan({ service: "cart", kind: 3 })],
      [plainSpan({ resource: { attributes: [] } }), plainSpan({ service: "cart", kind: 2 })],
    ]);
    expect(await store.services(tenant)).toEqual(["cart", "missing-service-name"]);
    expect(await store.operations(tenant, "cart")).toEqual([
      { name: "GET /", kind: 2 },
      { name: "GET /", kind: 3 },
      { name: "empty-span-name", kind: 0 },
    ]);
  });
}

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
