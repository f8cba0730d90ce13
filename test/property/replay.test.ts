import { describe, expect, test } from "vitest";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { markOf, readerShards } from "../../lib/pipeline/rollup/shards.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { ENDS_THE_PROCESS } from "../../lib/stream/decode-alone.ts";
import type { KeptNote, KeptRecords } from "../../lib/stream/kept-records.ts";
import type { StreamRecord } from "../../lib/stream/port.ts";
import { nameOfKept, type Replayed, replayKept } from "../../lib/stream/replay-kept.ts";
import { type ReplayedRange, replayRange, type ShardRange } from "../../lib/stream/replay-range.ts";
import { Random } from "../data/random.ts";
import { recordCounts } from "../oracle/counts.ts";
import { type Around, around, Life, Scheduler } from "../support/invocations.ts";
import {
  aProcess,
  aWorld,
  deliver,
  FUNCTION_TIMEOUT_MILLIS,
  HOUR,
  invoke,
  RETENTION_HOURS,
  SHARD,
  STREAM,
  storedCounts,
  type World,
} from "./exactly-once-world.ts";

type Hook = (point: string, life: Life) => Promise<void> | void;

/** What the world's readers set aside, record and note apart, as files and objects are. */
function aShelf(world: World): KeptRecords & { readonly left: () => string[] } {
  const notes = new Map<string, KeptNote>();
  const data = new Map<string, StreamRecord>();
  for (const record of world.quarantine.kept.values()) {
    const note = { ...record, shardId: SHARD, reason: ENDS_THE_PROCESS };
    notes.set(nameOfKept(note), note);
    data.set(nameOfKept(note), record);
  }
  return {
    notes: async () => [...notes.values()],
    data: async (note) => data.get(nameOfKept(note))?.data,
    removeData: async (note) => void data.delete(nameOfKept(note)),
    removeNote: async (note) => void notes.delete(nameOfKept(note)),
    left: () => [...notes.keys(), ...data.keys()],
  };
}

/** A world in which two records ended the reader, which a newer one can read. */
async function aWorldAfterRepair(seed: number): Promise<World> {
  const world = await aWorld({ seed, records: 6, deadly: [1, 4] });
  await deliver(world, world.records);
  expect(world.quarantine.kept.size).toBe(2);
  world.deadly.clear();
  return world;
}

const statesOf = (world: World, registers: World["table"]) =>
  readerStates({ registers, stream: STREAM, retentionSeconds: 86_400, clock: () => world.now });

/** One run of the command, until its end or its death. */
async function replay(world: World, shelf: KeptRecords, hook: Hook = () => {}, isDry = false): Promise<Replayed[]> {
  const life = new Life();
  const process = aProcess(world);
  const step: Around = async (point) => {
    await life.beat();
    world.now++;
    await hook(point, life);
    await life.beat();
  };
  process.step = step;
  const run = async (): Promise<Replayed[]> => {
    const outcomes: Replayed[] = [];
    const replaying = replayKept({
      ...{ isDry, indexer: process.indexer, clock: () => world.now },
      ...{ retentionHours: RETENTION_HOURS, streamRetentionSeconds: 86_400 },
      kept: around(shelf, step, ["left"]),
      states: statesOf(world, process.table),
      only: new Set((await shelf.notes()).map(nameOfKept)),
    });
    for await (const [, outcome] of replaying) outcomes.push(outcome);
    return outcomes;
  };
  return Promise.race([run(), life.died.then(() => [])]);
}

const kinds = (outcomes: readonly Replayed[]): string[] => outcomes.map(({ kind }) => kind);
const headsOf = (world: World): number => world.table.stored().filter(({ pk }) => pk.startsWith("S#")).length;

describe("records that were set aside", { timeout: 120_000 }, () => {
  test("are indexed once, and gone from the quarantine, when they can be read", async () => {
    const world = await aWorldAfterRepair(11);
    const shelf = aShelf(world);
    const before = world.table.dump(() => true);
    expect(kinds(await replay(world, shelf, undefined, true))).toEqual(["ready", "ready"]);
    expect(world.table.dump(() => true)).toEqual(before);
    expect(kinds(await replay(world, shelf))).toEqual(["replayed", "replayed"]);
    expect(storedCounts(world.table)).toEqual(recordCounts(world.records));
    expect(shelf.left()).toEqual([]);
    expect(await replay(world, shelf)).toEqual([]);
  });

  test("are indexed once when a run dies before or after any one call, and another comes", async () => {
    const undisturbed = await aWorldAfterRepair(12);
    await replay(undisturbed, aShelf(undisturbed));
    const points = new Set<string>();
    for (let crashAt = 1; ; crashAt++) {
      const world = await aWorldAfterRepair(12);
      const shelf = aShelf(world);
      let steps = 0;
      await replay(world, shelf, (point, life) => {
        if (++steps !== crashAt) return;
        points.add(point);
        life.die();
      });
      world.now += FUNCTION_TIMEOUT_MILLIS;
      await replay(world, shelf);
      expect(shelf.left()).toEqual([]);
      expect(storedCounts(world.table)).toEqual(recordCounts(world.records));
      expect(headsOf(world)).toBe(headsOf(undisturbed));
      if (steps < crashAt) break;
    }
    for (const call of ["load", "save", "put", "data", "removeData", "removeNote"])
      for (const phase of ["before", "after"]) expect(points).toContain(`${call} ${phase}`);
  });

  test("are indexed once when several runs go on side by side and die at random", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const scheduler = new Scheduler(random);
      const world = await aWorldAfterRepair(seed);
      const shelf = aShelf(world);
      const runs = Array.from({ length: 3 }, () =>
        replay(world, shelf, async (_, life) => {
          await scheduler.turn();
          if (random.chance(0.02)) life.die();
        }),
      );
      await scheduler.run(runs);
      await replay(world, shelf);
      expect(shelf.left()).toEqual([]);
      expect(storedCounts(world.table)).toEqual(recordCounts(world.records));
    }
  });

  test("are waited for by rollup, while they are under way, as those of a shard are", async () => {
    const world = await aWorldAfterRepair(17);
    const shelf = aShelf(world);
    const clock = () => world.now;
    const batches = itemBatches({ items: world.table, clock, random: () => 0.5, sleep: async () => {} });
    const shards = readerShards({ batches, registers: world.table, clock });
    const raised = async () => {
      const to = { closed: HOUR - 1, lastAt: world.now };
      return markOf(await shards.raise(await shards.read(), to));
    };
    await replay(world, shelf, (point, life) => {
      if (point === "put before") life.die();
    });
    const [plan] = world.table
      .stored()
      .flatMap(({ pk, body }) => (pk.startsWith("K#") ? [JSON.parse(Buffer.from(body).toString())] : []))
      .flatMap((state) => (state.plan === undefined ? [] : [state.plan]));
    world.now += FUNCTION_TIMEOUT_MILLIS;
    expect(await raised()).toBe(plan.at);
    await replay(world, shelf);
    expect(await raised()).toBe(world.now + 1);
    expect(storedCounts(world.table)).toEqual(recordCounts(world.records));
  });

  test("stay where they are when they still cannot be read, came too long ago, or are not done with", async () => {
    const world = await aWorld({ seed: 13, records: 5, garbled: [2] });
    await deliver(world, world.records);
    const shelf = aShelf(world);
    expect(await replay(world, shelf)).toMatchObject([{ kind: "stays", reason: expect.stringContaining("zstd") }]);
    world.now += (RETENTION_HOURS + 1) * 3_600_000;
    expect(await replay(world, shelf)).toMatchObject([{ kind: "stays", reason: expect.stringContaining("168 hours") }]);

    const busy = await aWorld({ seed: 14, records: 5, deadly: [1] });
    // Set aside, and dead before that was written down.
    while (busy.quarantine.kept.size === 0) {
      await invoke(busy, busy.records, (point, life) => (point === "keep after" ? life.die() : undefined));
      busy.now += FUNCTION_TIMEOUT_MILLIS + 1;
    }
    busy.deadly.clear();
    expect(await replay(busy, aShelf(busy))).toMatchObject([
      { kind: "stays", reason: expect.stringContaining("not finished") },
    ]);
  });
});

describe("a range that was lost", { timeout: 120_000 }, () => {
  /** A plan was open for longer than the stream held its first two records. */
  async function aWorldWithALoss(seed: number) {
    const world = await aWorld({ seed, records: 8 });
    await invoke(world, world.records.slice(0, 6), (point, life) => {
      if (point === "put before") life.die();
    });
    world.stream.expireRecords(SHARD, 2);
    await deliver(world, world.stream.held(SHARD).slice(4));
    const [lost] = world.notices;
    if (lost?.kind !== "lost") throw new Error("nothing was lost");
    return { world, range: lost };
  }

  const rangeReplay = (world: World, range: ShardRange, hook: Hook = () => {}): Promise<ReplayedRange | "died"> => {
    const life = new Life();
    const process = aProcess(world);
    process.step = async (point) => {
      await life.beat();
      world.now++;
      await hook(point, life);
      await life.beat();
    };
    const done = replayRange(
      range,
      {
        states: statesOf(world, process.table),
        reader: around(world.stream, process.step, ["held"]),
        ...{ recordsPerCall: 3, indexer: process.indexer, quarantine: world.quarantine, clock: () => world.now },
        ...{ functionTimeoutMillis: FUNCTION_TIMEOUT_MILLIS, onNotice: () => {} },
      },
      false,
    );
    return Promise.race([done, life.died]);
  };

  test("is indexed as far as the stream still holds it, once, however often it is asked for and whatever dies", async () => {
    for (let crashAt = 1; ; crashAt++) {
      const { world, range } = await aWorldWithALoss(15);
      expect(storedCounts(world.table)).toEqual(recordCounts(world.records.slice(6)));
      let steps = 0;
      await rangeReplay(world, range, (_, life) => {
        if (++steps === crashAt) life.die();
      });
      world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      expect(await rangeReplay(world, range)).toMatchObject({ held: 4, unreadable: 0 });
      expect(storedCounts(world.table)).toEqual(recordCounts(world.records.slice(2)));
      expect(await rangeReplay(world, range)).toEqual({ held: 4, unreadable: 0, replayed: 0 });
      if (steps < crashAt) break;
    }
  });

  test("is refused where the shard's own reader has yet to come", async () => {
    const world = await aWorld({ seed: 16, records: 6 });
    await deliver(world, world.records.slice(0, 3));
    const [first, last] = [world.records[0]?.sequenceNumber ?? "", world.records[4]?.sequenceNumber ?? ""];
    await expect(rangeReplay(world, { shardId: SHARD, first, last })).rejects.toThrow("still to come");
  });
});
