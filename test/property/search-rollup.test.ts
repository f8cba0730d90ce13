import { beforeAll, describe, expect, test } from "vitest";
import { TracingError } from "../../lib/model/errors.ts";
import type { Trace } from "../../lib/model/span.ts";
import type { TraceReader } from "../../lib/store/port.ts";
import { encodeRecord } from "../../lib/stream/record.ts";
import { question } from "../data/questions.ts";
import { Random } from "../data/random.ts";
import { encodeSpans, type PlainBatch, type PlainSpan, searchTraces } from "../data/search-traces.ts";
import { type Oracle, type Question, type Seen, searchOracle } from "../oracle/search.ts";
import { Scheduler } from "../support/invocations.ts";
import { memoryStream } from "../support/memory-stream.ts";
import { openStore } from "../support/search-world.ts";
import { expectedText, storedText } from "../support/seen-spans.ts";
import {
  aWorld,
  copyOf,
  expectExact,
  type Hook,
  hourStates,
  index,
  merge,
  put,
  roll,
  settle,
  shardIds,
  type World,
} from "./rollup-world.ts";

const TENANT = "shop#1";
const TRACES = 1_000;
const RECORDS = 192;
const HOURS = 4;
const QUESTIONS = 500;
/** Calls of the table at which something goes wrong, of all that a rollup and its merges make. */
const CRASHES = 7;
const WALKS = 4;
const ANYTHING = {
  ...{ service: undefined, operation: undefined, tags: [], startMinNanos: 0n, startMaxNanos: 1n << 62n },
  ...{ durationMinNanos: undefined, durationMaxNanos: undefined },
};
const NANOS_PER_MILLI = 1_000_000n;

/** Spans dealt out to records that are put one after the other: what belongs to one trace comes over hours. */
function dealt(world: World): PlainBatch[] {
  const { random, now } = world;
  const spans: PlainSpan[][] = Array.from({ length: RECORDS }, () => []);
  const from = BigInt(now - 2 * 3_600_000) * NANOS_PER_MILLI;
  for (const trace of searchTraces({ seed: 7, traces: TRACES, from, hours: HOURS })) {
    const near = random.below(RECORDS);
    for (const span of trace) {
      const own = random.chance(0.8) ? Math.min(RECORDS - 1, near + random.below(3)) : random.below(RECORDS);
      spans[own]?.push(span);
      if (span.start !== 0n && random.chance(0.03)) random.pick(spans).push(span);
    }
  }
  return spans.map((some) => ({ received: BigInt(now) * NANOS_PER_MILLI, spans: some }));
}

/** The whole search, by readers that have looked on from the beginning and by one that knows nothing. */
interface Looking {
  readonly world: World;
  readonly warm: TraceReader;
  readonly random: Random;
  /** What was indexed by now. */
  readonly written: readonly PlainBatch[];
}

const readerOf = (world: World): TraceReader => openStore(world.table, 0, { clock: () => world.now });

const outline = (trace: Trace) => ({ id: trace.traceId, spans: trace.spans.map(({ spanId }) => spanId).sort() });
const bigints = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);

async function ask(reader: TraceReader, asked: Question): Promise<Trace[]> {
  const found = reader.find(TENANT, asked);
  const traces: Trace[] = [];
  for await (const trace of found.traces) traces.push(trace);
  expect(found.isComplete()).toBe(true);
  return traces;
}

interface Known {
  readonly count: number;
  readonly oracle: Oracle;
  readonly spans: readonly Seen[];
}

function knownOf(batches: readonly PlainBatch[]): Known {
  const oracle = searchOracle(batches);
  const ids = new Set(batches.flatMap(({ spans }) => spans.map((span) => span.traceId)));
  return { count: batches.length, oracle, spans: [...ids].slice(0, 300).flatMap((id) => oracle.trace(id)) };
}

let known = knownOf([]);

/** Asks; returns how many of the questions found anything. */
async function expectFound({ world, warm, random, written }: Looking, questions: number): Promise<number> {
  // As long as a reader takes it that an hour that ended long ago stands still.
  world.now += 15_000;
  if (known.count !== written.length) known = knownOf(written);
  const { oracle, spans } = known;
  let answered = 0;
  for (let i = 0; i < questions; i++) {
    const asked = question(random, spans);
    const expected = oracle.search(asked);
    if (expected.length > 0) answered++;
    for (const reader of i % 5 === 0 ? [warm, readerOf(world)] : [warm]) {
      const found = await ask(reader, asked);
      expect(found.map(outline), JSON.stringify(asked, bigints)).toEqual(
        expected.map(({ traceId: id, spans: own }) => ({ id, spans: own.map(({ span }) => span.spanId).sort() })),
      );
      expect(found[0]?.spans.map(storedText).sort()).toEqual(expected[0]?.spans.map(expectedText).sort());
      expect(found.flatMap(({ warnings }) => warnings)).toEqual([]);
    }
  }
  return answered;
}

let world: World;
let looking: Looking;
const written: PlainBatch[] = [];
let waiting: PlainBatch[] = [];

/** Puts records into the stream and indexes them, each shard's as plans of one. */
async function write(records: number): Promise<void> {
  const next = waiting.splice(0, records);
  for (const { received, spans } of next)
    world.records.push(encodeRecord({ tenant: TENANT, receivedNanos: received, traces: encodeSpans(spans) }));
  await put(world, next.length);
  for (const shard of await shardIds(world)) for (let i = 0; i < next.length; i++) await index(world, shard);
  written.push(...next);
}

/** With an empty stream of its own in the place of those that were read already. */
function withStream(copy: World): World {
  const streams = new Map([["later/1764000002", memoryStream({ shards: 2, clock: () => all.now })]]);
  const all: World = { ...copy, streams };
  return all;
}

const headCount = (all: World): number =>
  [...hourStates(all).values()].reduce((sum, { heads, late }) => sum + heads.length + late.length, 0);

/** Spans of traces that are there already, and newer ones, none of which the pages of a walk may be moved by. */
async function writeLate(all: World, random: Random): Promise<void> {
  const spans = random.pick(written).spans.map((span) => ({ ...span, spanId: random.hex(8), start: span.start + 1n }));
  const receivedNanos = BigInt(all.now) * NANOS_PER_MILLI;
  all.records.push(encodeRecord({ tenant: TENANT, receivedNanos, traces: encodeSpans(spans) }));
  await put(all, 1);
  for (const shard of await shardIds(all)) await index(all, shard);
}

/** Every hour of it is closed, and how many segments came late and were merged. */
function expectClosed(): number {
  let late = 0;
  for (const [name, { summary, heads, mergedLate }] of hourStates(world)) {
    if (heads.length > 0) expect([name, summary?.isClosed]).toEqual([name, true]);
    late += mergedLate.length;
  }
  return late;
}

/** A rollup and its merges on a copy of the table, with something wrong at the n-th call. Returns the calls that it took. */
async function disturbed(nth: number): Promise<number> {
  const copy = await copyOf(world);
  const warm = readerOf(copy);
  const look: Looking = { world: copy, warm, random: new Random(nth), written };
  await expectFound(look, 2);
  let calls = 0;
  const hook: Hook = (_, life) => {
    if (++calls !== nth) return;
    if (nth % 2 === 0) life.die();
    else throw new TracingError("internal", "injected");
  };
  await roll(copy, hook);
  for (const task of copy.tasks.splice(0)) await merge(copy, task, hook);
  expectExact(copy);
  await expectFound(look, 4);
  // Longer than a merge lives and a reader trusts a summary: another takes it up.
  for (let again = 0; again < 2; again++) {
    copy.now += 6 * 60_000;
    await roll(copy);
    for (const task of copy.tasks.splice(0)) await merge(copy, task);
  }
  await expectFound(look, 4);
  return calls;
}

describe("search finds exactly what looking at every span finds, in the same order", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    world = aWorld(11, 0);
    waiting = dealt(world);
    looking = { world, warm: readerOf(world), random: new Random(5), written };
    await roll(world);
    await write(RECORDS / 2);
  }, 120_000);

  test("before anything is merged", async () => {
    expect(await expectFound(looking, 40)).toBeGreaterThan(20);
  });

  test("when a rollup or a merge fails or dies at any call", async () => {
    const all = await disturbed(0);
    expect(all).toBeGreaterThan(100);
    for (let n = 0; n < CRASHES; n++) await disturbed(1 + Math.floor(((n + 0.5) * all) / CRASHES) + (n % 2));
  });

  test("while two rollups and their merges go on at the same time and die, and late data comes", async () => {
    const random = new Random(9);
    const scheduler = new Scheduler(random);
    const hook: Hook = async (_, life) => {
      await scheduler.turn();
      if (random.chance(0.002)) life.die();
    };
    for (let round = 0; round < 16; round++) {
      const tasks = world.tasks.splice(0);
      const merges = [...tasks, ...tasks.filter(() => random.chance(0.3))].map((task) => merge(world, task, hook));
      await scheduler.run([roll(world, hook), roll(world, hook), ...merges]);
      expectExact(world);
      await expectFound(looking, 8);
      await write(RECORDS / 32);
      await expectFound(looking, 4);
      world.now += random.below(20) * 60_000;
    }
    expect(waiting).toEqual([]);
  });

  test("pages are the whole answer as it was at the first, while rollups merge and more comes between them", async () => {
    const random = new Random(13);
    const hook: Hook = (_, life) => {
      if (random.chance(0.003)) life.die();
    };
    // Every other one asks for all there is.
    for (let walk = 0; walk < WALKS; walk++) {
      const all = withStream(await copyOf(world));
      const before = headCount(all);
      await expectFound({ ...looking, world: all, warm: readerOf(all) }, 1);
      const { oracle, spans } = known;
      const any = question(random, spans);
      const asked = walk % 2 === 0 ? { ...any, ...ANYTHING } : any;
      const expected = oracle.search({ ...asked, limit: Number.MAX_SAFE_INTEGER });
      const warm = readerOf(all);
      const ids: string[] = [];
      let token: string | undefined;
      do {
        const reader = random.chance(0.5) ? warm : readerOf(all);
        const found = reader.find(TENANT, { ...asked, limit: 1 + random.below(80) }, token);
        for await (const { traceId } of found.traces) ids.push(traceId);
        expect(found.isComplete()).toBe(true);
        token = found.nextPageToken();
        await roll(all, hook);
        for (const task of all.tasks.splice(0)) await merge(all, task, hook);
        await writeLate(all, random);
        all.now += random.below(7 * 60_000);
      } while (token !== undefined);
      expect(headCount(all)).toBeGreaterThan(before);
      expect(ids, `walk ${walk}`).toEqual(expected.map(({ traceId }) => traceId));
    }
  });

  test(`once all is merged, for ${QUESTIONS} questions`, async () => {
    await settle(world);
    expect(expectClosed()).toBeGreaterThan(64);
    expect(await expectFound(looking, QUESTIONS)).toBeGreaterThan(QUESTIONS / 2);
  });
});
