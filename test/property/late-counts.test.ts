import { expect, test } from "vitest";
import { TracingError } from "../../lib/model/errors.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { readHeadKey } from "../../lib/store/keys.ts";
import type { Dependencies } from "../../lib/store/port.ts";
import { readRolledKey } from "../../lib/store/rolled-keys.ts";
import { encodeRecord } from "../../lib/stream/record.ts";
import { callTraces } from "../data/call-traces.ts";
import { recordCounts } from "../oracle/counts.ts";
import { encodeCounted } from "../support/counted-spans.ts";
import { aWorld, copyOf, type Hook, index, merge, put, roll, settle, shardIds, type World } from "./rollup-world.ts";

const HOUR_MILLIS = 3_600_000;
const MINUTE = 60_000;

const readerOf = (world: World): Dependencies => {
  const batches = itemBatches({ items: world.table, clock: () => world.now, sleep: async () => {}, random: () => 0.5 });
  return dependencyReader({ batches, clock: () => world.now, random: Math.random, retentionHours: 168 });
};

async function expectEdges(world: World, reader: Dependencies, records: readonly Uint8Array[]): Promise<void> {
  const expected = recordCounts(records.map((data) => ({ data }))).edges.get(TENANT);
  const { edges, isComplete } = await reader.dependencies(TENANT, world.now - 20 * HOUR_MILLIS, world.now);
  expect(isComplete).toBe(true);
  expect(new Map(edges.map(({ parent, child, calls }) => [`${parent} > ${child}`, calls]))).toEqual(expected);
}

async function indexAll(world: World): Promise<void> {
  await put(world, world.records.length);
  for (const shard of await shardIds(world)) await index(world, shard, () => {}, 1000);
}

/** As long as it takes for an hour to end and to be closed, and its merges to be done. */
async function passAnHour(world: World, hook: Hook = () => {}): Promise<void> {
  for (let minutes = 0; minutes < 80; minutes += 4) {
    world.now += 4 * MINUTE;
    await roll(world, hook);
    for (const task of world.tasks.splice(0)) await merge(world, task, hook);
  }
}

/** To what each hour was rolled, by the partition of its counts. */
function marksOf({ table }: World): Map<string, Set<number>> {
  const marks = new Map<string, Set<number>>();
  for (const { pk, sk } of table.stored().filter((item) => item.pk.startsWith("M#") && item.sk[0] === 1)) {
    const { hour, mark } = readRolledKey(sk);
    const key = `G#${pk.split("#")[1]}#${hour}`;
    marks.set(key, (marks.get(key) ?? new Set()).add(mark));
  }
  return marks;
}

/** Hours of which there are counts that no roll has taken up. */
function unrolled(world: World): string[] {
  const marks = marksOf(world);
  const counts = world.table.stored().filter(({ pk }) => pk.startsWith("G#"));
  const isNew = ({ pk, sk }: (typeof counts)[number]): boolean =>
    readHeadKey(sk.subarray(0, 24)).at >= Math.max(0, ...(marks.get(pk) ?? []));
  return counts.filter(isNew).map(({ pk }) => pk);
}

const TENANT = "shop#1";
const HOUR = Date.UTC(2026, 10, 22, 12) / HOUR_MILLIS;

/** Two hours' traces, of which each third record of a few spans comes late, and those of an hour of which nothing came in time. */
async function settledWorld(seed: number) {
  const world = aWorld(seed, 0);
  const startMillis = (fraction: number) => (HOUR - 3.5 + fraction) * HOUR_MILLIS;
  const spans = callTraces({ seed, traces: 60, services: 5, startMillis });
  const earlier = (fraction: number) => (HOUR - 8 + fraction / 2) * HOUR_MILLIS;
  const allLate = callTraces({ seed: seed + 100, traces: 5, services: 5, startMillis: earlier });
  const dealt = Map.groupBy(spans, () => world.random.below(60));
  const records = [...dealt.values(), allLate].map((own) =>
    encodeRecord({ tenant: TENANT, receivedNanos: BigInt(world.now) * 1_000_000n, traces: encodeCounted(own) }),
  );
  const early = records.slice(0, 40);
  world.records.push(...early);
  await settle(world);
  return { world, records, early, late: records.slice(40) };
}

test("what comes hours late is counted with its hour at once, and from the rolls once the hour it came in is closed", async () => {
  for (const seed of [1, 2, 3]) {
    const { world, records, early, late } = await settledWorld(seed);
    const warm = readerOf(world);
    await expectEdges(world, warm, early);
    world.records.push(...late);
    world.now += MINUTE;
    await indexAll(world);
    world.now += MINUTE;
    await expectEdges(world, readerOf(world), records);
    await expectEdges(world, warm, records);
    const before = marksOf(world);
    await passAnHour(world);
    expect(unrolled(world)).toEqual([]);
    // Once each, though what is beside a late hour is rolled with it.
    for (const [hour, marks] of marksOf(world))
      expect([hour, marks.size - (before.get(hour)?.size ?? 0)]).toEqual([hour, 1]);
    await expectEdges(world, readerOf(world), records);
    await expectEdges(world, warm, records);
    expect(world.faults).toEqual([]);
  }
});

test("they are rolled again whenever that was broken off, at any call", async () => {
  const { world, records, late } = await settledWorld(4);
  world.records.push(...late);
  await indexAll(world);
  for (let end = 1; ; end *= 2) {
    const again = await copyOf(world);
    let calls = 0;
    await passAnHour(again, (_, life) => {
      if (++calls !== end) return;
      if (end % 3 === 1) life.die();
      else throw new TracingError("internal", "injected");
    });
    await passAnHour(again);
    expect(unrolled(again)).toEqual([]);
    await expectEdges(again, readerOf(again), records);
    if (calls < end) break;
  }
});
