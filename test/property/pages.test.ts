import { expect, test } from "vitest";
import type { Trace } from "../../lib/model/span.ts";
import type { TraceStore } from "../../lib/store/port.ts";
import { SEARCH_LIMITS } from "../../lib/store/read/cost.ts";
import { question } from "../data/questions.ts";
import { Random } from "../data/random.ts";
import { type PlainBatch, searchTraces } from "../data/search-traces.ts";
import { type Question, searchOracle } from "../oracle/search.ts";
import { collidingIds } from "../support/colliding-ids.ts";
import { memoryItems } from "../support/memory-items.ts";
import { mergeHour } from "../support/merged-hours.ts";
import { dealOut, HOUR_MILLIS, openStore, type PlannedBatches, writeAll } from "../support/search-world.ts";
import { expectedText, storedText } from "../support/seen-spans.ts";

const TENANT = "shop#1";
const FIRST_HOUR = 490_000;
const HOURS = 4;
const START = (FIRST_HOUR + HOURS) * HOUR_MILLIS;
const WALKS = 20;
const UNLIMITED = 1_000_000;
const traceIds = collidingIds(new Random(3), 4);

/** Plans in random order, and a clock: some are written before the first page is asked for, the others while pages are turned. */
function world(seed: number) {
  const random = new Random(seed);
  const from = BigInt(FIRST_HOUR * HOUR_MILLIS) * 1_000_000n;
  const traces = searchTraces({ seed, traces: 150, from, hours: HOURS, traceIds });
  const plans = dealOut(traces, { seed, shards: 3, plansPerShard: 6, at: START, closed: FIRST_HOUR + 1 });
  const shuffled = plans.map((plan) => ({ plan, place: random.uint32() })).sort((a, b) => a.place - b.place);
  const waiting = shuffled.map(({ plan }) => plan);
  let now = START;
  const items = memoryItems();
  const store = openStore(items, START, { clock: () => now });
  const written: PlainBatch[] = [];
  /** Writes the next plan as one that was made then. */
  async function write(at: number): Promise<readonly PlainBatch[]> {
    const next = waiting.shift();
    if (next === undefined) return [];
    const planned: PlannedBatches = { ...next, plan: { ...next.plan, at } };
    await writeAll(store, TENANT, [planned]);
    written.push(...planned.batches);
    return planned.batches;
  }
  return {
    random,
    store,
    items,
    written,
    write,
    isOver: () => waiting.length === 0,
    wait: (millis: number) => (now += millis),
    now: () => now,
  };
}

type World = ReturnType<typeof world>;

async function page(store: TraceStore, asked: Question, token: string | undefined) {
  const found = store.find(TENANT, asked, token);
  const traces: Trace[] = [];
  for await (const trace of found.traces) traces.push(trace);
  return { traces, next: found.nextPageToken(), isComplete: found.isComplete() };
}

/** All pages, one after the other, of random sizes; what they show is compared with all that is stored by then. */
async function walk({ random, store, written, wait }: World, asked: Question, meanwhile: () => Promise<void>) {
  const ids: string[] = [];
  let token: string | undefined;
  do {
    const limit = 1 + random.below(12);
    const { traces, next, isComplete } = await page(store, { ...asked, limit }, token);
    expect(isComplete).toBe(true);
    if (next !== undefined) expect(traces.length).toBe(limit);
    const stored = searchOracle(written);
    for (const trace of traces)
      expect(trace.spans.map(storedText).sort()).toEqual(stored.trace(trace.traceId).map(expectedText).sort());
    ids.push(...traces.map(({ traceId }) => traceId));
    token = next;
    wait(20_000);
    await meanwhile();
  } while (token !== undefined);
  return ids;
}

/** Half of them ask for nearly everything. */
function broad(random: Random, asked: Question): Question {
  if (random.chance(0.5)) return asked;
  return {
    ...asked,
    ...{ operation: undefined, tags: [], startMinNanos: 0n, startMaxNanos: BigInt(START) * 2_000_000n },
  };
}

async function begun(seed: number) {
  const all = world(seed);
  const { random, written, write } = all;
  const before = 3 + random.below(6);
  for (let n = 0; n < before; n++) await write(START - (n + 1) * 1000);
  const first = [...written];
  const oracle = searchOracle(first);
  const spans = first.flatMap((batch) => batch.spans.slice(0, 20).flatMap((span) => oracle.trace(span.traceId)));
  const asked = broad(random, question(random, spans));
  const expected = oracle.search({ ...asked, limit: UNLIMITED }).map(({ traceId }) => traceId);
  return { ...all, asked, expected };
}

/** Merges some hour up to now. */
async function mergeSome({ random, items, now }: World): Promise<void> {
  const hour = FIRST_HOUR - 1 + random.below(HOURS + 2);
  const mark = now() + 1;
  const markLate = random.chance(0.5) ? mark : 0;
  await mergeHour(items, { tenant: TENANT, hour, isClosed: false, mark, markLate, most: 1 + random.below(5) });
}

test("pages of any sizes are the whole answer as it was at the first, whatever is written or merged between them", async () => {
  let turned = 0;
  for (let seed = 1; seed <= WALKS; seed++) {
    const all = await begun(seed);
    const meanwhile = async () => {
      for (let n = all.random.below(3); n > 0; n--) await all.write(all.now());
      for (let n = all.random.below(3); n > 0; n--) await mergeSome(all);
      all.wait(1);
    };
    if (all.random.chance(0.5)) for (let n = 0; n < 4; n++) await mergeSome(all);
    const ids = await walk(all, all.asked, meanwhile);
    expect(ids, `seed ${seed}`).toEqual(all.expected);
    turned += ids.length;
  }
  expect(turned).toBeGreaterThan(WALKS * 10);
}, 120_000);

test("with plans that were under way at the first page, no trace comes twice, and none is missing of which all was written", async () => {
  for (let seed = 1; seed <= WALKS; seed++) {
    const all = await begun(1000 + seed);
    const open: PlainBatch[] = [];
    const meanwhile = async () => {
      for (let n = all.random.below(3); n > 0; n--) open.push(...(await all.write(START - all.random.below(30_000))));
    };
    const ids = await walk(all, all.asked, meanwhile);
    expect(new Set(ids).size, `seed ${seed}`).toBe(ids.length);
    const moved = new Set(
      searchOracle(open)
        .search({ ...all.asked, limit: UNLIMITED })
        .map(({ traceId }) => traceId),
    );
    const still = (id: string) => !moved.has(id);
    expect(ids.filter(still), `seed ${seed}`).toEqual(all.expected.filter(still));
  }
}, 120_000);

test("what an indexer was writing at the first page, newer than all that was there, moves no trace", async () => {
  for (let seed = 1; seed <= WALKS; seed++) {
    const all = await begun(3000 + seed);
    const meanwhile = async () => {
      for (let n = all.random.below(3); n > 0; n--) await all.write(START - all.random.below(1000));
    };
    expect(await walk(all, all.asked, meanwhile), `seed ${seed}`).toEqual(all.expected);
  }
}, 120_000);

test("pages that a budget ends go on where it ended, until all is seen", async () => {
  let ended = 0;
  for (let seed = 1; seed <= WALKS; seed++) {
    const { asked, expected, items, random } = await begun(2000 + seed);
    const searchLimits = { ...SEARCH_LIMITS, millis: 100 + random.below(1000) };
    const ids: string[] = [];
    let token: string | undefined;
    let isComplete = true;
    do {
      // Each page by a reader that knows nothing yet, as functions come and go; a millisecond passes at each look at the clock.
      let now = START;
      const cold = openStore(items, START, { searchLimits, clock: () => now++ });
      const read = await page(cold, { ...asked, limit: 50 }, token);
      ids.push(...read.traces.map(({ traceId }) => traceId));
      ({ next: token, isComplete } = read);
      if (!isComplete && token !== undefined) ended++;
    } while (token !== undefined);
    expect(ids, `seed ${seed}`).toEqual(isComplete ? expected : expected.slice(0, ids.length));
  }
  expect(ended).toBeGreaterThan(5);
}, 120_000);
