import { beforeAll, describe, expect, test } from "vitest";
import { traceId } from "../../lib/model/ids.ts";
import type { Trace } from "../../lib/model/span.ts";
import { MERGE_LIMITS } from "../../lib/store/merge/limits.ts";
import type { TraceStore } from "../../lib/store/port.ts";
import { question } from "../data/questions.ts";
import { Random } from "../data/random.ts";
import { searchTraces } from "../data/search-traces.ts";
import { type Oracle, type Question, type Seen, searchOracle } from "../oracle/search.ts";
import { collidingIds } from "../support/colliding-ids.ts";
import { memoryItems } from "../support/memory-items.ts";
import { type MergeHour, mergeHour } from "../support/merged-hours.ts";
import { dealOut, HOUR_MILLIS, openStore, writeAll } from "../support/search-world.ts";
import { expectedText, storedText } from "../support/seen-spans.ts";

const TRACES = 20_000;
const QUESTIONS = 500;
const FIRST_HOUR = 490_000;
const HOURS = 8;
const NOW = (FIRST_HOUR + HOURS + 1) * HOUR_MILLIS;
const TENANT = "shop#1";
/** Later than any plan was made. */
const AFTER_ALL = NOW + HOUR_MILLIS;
const SMALL_PARTS = {
  ...MERGE_LIMITS,
  termPartBytes: 900,
  tracePartBytes: [200, 400],
  inputPartBytes: 200,
  listedEntries: 40,
} as const;

/** What rollup may have done by the time of a question: each hour another way, late data among it. */
const WORLDS: readonly {
  readonly name: string;
  readonly questions: number;
  readonly hours: readonly Partial<MergeHour>[];
}[] = [
  { name: "as it was written", questions: QUESTIONS, hours: [] },
  {
    name: "while hours are merged",
    questions: 150,
    hours: [
      { mark: NOW + 9000, most: 3 },
      { mark: NOW + 4000, most: 100 },
      { isClosed: true, mark: AFTER_ALL, most: 5 },
      { isClosed: true, mark: AFTER_ALL, markLate: NOW + 12_000, most: 4 },
      {},
      { mark: NOW + 15_000, most: 6, limits: SMALL_PARTS },
    ],
  },
  {
    name: "once all hours are closed",
    questions: QUESTIONS,
    hours: [
      { isClosed: true, mark: AFTER_ALL, markLate: NOW + 10_000, most: 100 },
      { isClosed: true, mark: AFTER_ALL, markLate: AFTER_ALL, most: 7 },
      { isClosed: true, mark: AFTER_ALL, most: 4, limits: SMALL_PARTS },
    ],
  },
];

let oracle: Oracle;
let spans: Seen[];
let ids: string[];
const items = memoryItems();

beforeAll(async () => {
  const traces = [
    ...searchTraces({
      seed: 1,
      traces: TRACES,
      from: BigInt(FIRST_HOUR * HOUR_MILLIS) * 1_000_000n,
      hours: HOURS,
      traceIds: collidingIds(new Random(3), 4),
    }),
  ];
  ids = traces.flatMap(([first]) => first?.traceId ?? []);
  const planned = dealOut(traces, { seed: 2, shards: 3, plansPerShard: 8, at: NOW, closed: FIRST_HOUR + 2 });
  oracle = searchOracle(planned.flatMap(({ batches }) => batches));
  spans = ids.slice(0, 2000).flatMap((id) => oracle.trace(id));
  await writeAll(openStore(items, NOW), TENANT, planned);
}, 120_000);

describe.each(WORLDS)("search over 20,000 traces, $name", ({ questions, hours }) => {
  let store: TraceStore;

  beforeAll(async () => {
    for (let n = 0; n < HOURS + 2 && hours.length > 0; n++) {
      const how = hours[n % hours.length];
      const none = { isClosed: false, mark: 0, markLate: 0, most: 1 };
      if (how?.most !== undefined)
        await mergeHour(items, { ...none, tenant: TENANT, hour: FIRST_HOUR - 1 + n, ...how });
    }
    store = openStore(items, NOW);
  }, 120_000);

  test(`finds exactly what looking at every span finds, in the same order, for ${questions} questions`, async () => {
    const random = new Random(4);
    let answered = 0;
    for (let i = 0; i < questions; i++) {
      const asked = question(random, spans);
      const found = await ask(store, asked);
      const expected = oracle.search(asked);
      expect(found.traces.map(outline), JSON.stringify(asked, bigints)).toEqual(
        expected.map(({ traceId: id, spans: own }) => ({ id, spans: own.map(({ span }) => span.spanId).sort() })),
      );
      expect(found.isComplete).toBe(true);
      const [first, wanted] = [found.traces[0], expected[0]];
      if (first !== undefined && wanted !== undefined) {
        answered++;
        expect(first.spans.map(storedText).sort()).toEqual(wanted.spans.map(expectedText).sort());
        expect(first.warnings).toEqual([]);
      }
    }
    expect(answered).toBeGreaterThan(questions / 2);
  }, 600_000);

  test("gives back each trace by its id, whole and unchanged, those whose hashes are equal too", async () => {
    for (const id of [...ids.slice(0, 20), ...ids.slice(-80)]) {
      const trace = await store.trace(TENANT, traceId(id));
      expect(trace?.spans.map(storedText).sort()).toEqual(oracle.trace(id).map(expectedText).sort());
    }
  });

  test("shows another tenant nothing of it", async () => {
    const [id = ""] = ids;
    expect(await store.trace("shop", traceId(id))).toBeUndefined();
    const everything = { ...question(new Random(5), spans), service: undefined, operation: undefined, tags: [] };
    expect((await ask(store, { ...everything, startMinNanos: 0n }, "shop")).traces).toEqual([]);
  });
});

async function ask(store: TraceStore, asked: Question, tenant = TENANT) {
  const found = store.find(tenant, asked);
  const traces: Trace[] = [];
  for await (const trace of found.traces) traces.push(trace);
  return { traces, isComplete: found.isComplete() };
}

const outline = (trace: Trace) => ({ id: trace.traceId, spans: trace.spans.map(({ spanId }) => spanId).sort() });

const bigints = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);
