import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { type FollowOptions, followStream } from "../../../lib/stream/follow.ts";
import { shardReader } from "../../../lib/stream/reader.ts";
import { Random } from "../../data/random.ts";
import { around, Life } from "../../support/invocations.ts";
import { memoryIndexer } from "../../support/memory-indexing.ts";
import { aWorld, SHARD, violations, type World } from "../../support/reading.ts";

const BATCH_BYTES = 2 * 1024 * 1024;
const RECORDS_A_CALL = 4;
const CALLS_A_BATCH = 2;

interface Following {
  readonly faults: unknown[];
  /** Milliseconds waited, one a wait. */
  readonly waits: number[];
  /** Follows until `isEnough`, then stops; false when that took too long. */
  until(isEnough: () => boolean): Promise<boolean>;
}

/** Waits take no time, but every other task gets its turn. */
function follow(world: World, hook: (point: string) => void = () => {}, more: Partial<FollowOptions> = {}): Following {
  const faults: unknown[] = [];
  const waits: number[] = [];
  const random = new Random(1);
  const stop = new AbortController();
  const step = async (point: string) => {
    world.now++;
    hook(point);
  };
  const stream = around(world.stream, step, ["held"]);
  const states = around(world.states, step);
  const read = shardReader({
    states,
    reader: stream,
    recordsPerCall: RECORDS_A_CALL,
    indexer: memoryIndexer(world.table, new Life(), step),
    quarantine: world.quarantine,
    clock: () => world.now,
    functionTimeoutMillis: 1000,
    onNotice: (notice) => world.notices.push(notice),
  });
  const running = followStream({
    info: stream,
    reader: stream,
    states,
    read,
    pollMillis: 100,
    recordsPerCall: RECORDS_A_CALL,
    random: () => random.fraction(),
    sleep: async (millis) => {
      waits.push(millis);
      world.now += millis;
      await new Promise((resolve) => setImmediate(resolve));
    },
    onFault: (fault) => faults.push(fault),
    signal: stop.signal,
    ...more,
  });
  return {
    faults,
    waits,
    async until(isEnough) {
      for (let i = 0; i < 20_000 && !isEnough(); i++) await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      await running;
      return isEnough();
    },
  };
}

const put = (world: World, place: bigint, count: number) =>
  world.stream.put(Array.from({ length: count }, (_, i) => ({ place, data: Uint8Array.of(1, i) })));

/** Whether every record that any shard holds is done. */
const isAllDone = (world: World, shardIds: readonly string[]) => (): boolean =>
  shardIds.every((id) => world.states.items.get(id)?.done === world.stream.held(id).at(-1)?.sequenceNumber);

describe("following a stream", () => {
  test("reads every shard, what is there and what comes", async () => {
    const world = aWorld(3);
    const ids = (await world.stream.shards()).map(({ id }) => id);
    const shards = await world.stream.shards();
    for (const { start } of shards) await put(world, start, 10);
    const following = follow(world);
    for (const { start } of shards) await put(world, start, 5);
    expect(await following.until(isAllDone(world, ids))).toBe(true);
    for (const id of ids) expect(violations(world, world.stream.held(id), id)).toEqual([]);
    expect(following.faults).toEqual([]);
  });

  test("fills its plans when it is behind, and waits only at the tip", async () => {
    const world = aWorld();
    await put(world, 0n, 100);
    const following = follow(world);
    expect(await following.until(isAllDone(world, [SHARD]))).toBe(true);
    expect(world.states.finished.length).toBe(1);
  });

  test("takes the next batch while one is indexed, and no more than that", async () => {
    const world = aWorld();
    const data = (i: number) => new Uint8Array(BATCH_BYTES / CALLS_A_BATCH / RECORDS_A_CALL).fill(1).fill(i, 1);
    await world.stream.put(Array.from({ length: 40 }, (_, i) => ({ place: 0n, data: data(i) })));
    let calls = 0;
    const callsBefore: number[] = [];
    const following = follow(world, (point) => {
      if (point === "records before") calls++;
      if (point === "write before") callsBefore[world.states.finished.length] ??= calls;
    });
    expect(await following.until(isAllDone(world, [SHARD]))).toBe(true);
    expect(violations(world, world.stream.held(SHARD))).toEqual([]);
    expect(callsBefore.length).toBe(5);
    callsBefore.slice(0, -1).forEach((calls, batch) => {
      expect(calls).toBeGreaterThan(CALLS_A_BATCH * (batch + 1));
      expect(calls).toBeLessThanOrEqual(CALLS_A_BATCH * (batch + 2));
    });
  });

  test("goes on in the children when a shard is split, and drains the parent", async () => {
    const world = aWorld();
    await put(world, 0n, 6);
    let isSplit = false;
    let children: readonly string[] = [];
    const following = follow(world, (point) => {
      if (point !== "write after" || isSplit) return;
      isSplit = true;
      void put(world, 0n, 3)
        .then(() => world.stream.split(SHARD))
        .then(async (ids) => {
          children = ids;
          await put(world, 0n, 4);
          await put(world, 2n ** 128n - 1n, 4);
        });
    });
    const isDone = () => children.length === 2 && isAllDone(world, [SHARD, ...children])();
    expect(await following.until(isDone)).toBe(true);
    expect(world.stream.held(SHARD).length).toBe(9);
    for (const id of [SHARD, ...children]) expect(violations(world, world.stream.held(id), id)).toEqual([]);
  });

  test("reads a shard that was closed before it began", async () => {
    const world = aWorld();
    await put(world, 0n, 9);
    const children = await world.stream.split(SHARD);
    await put(world, 0n, 2);
    expect(await follow(world).until(isAllDone(world, [SHARD, children[0] ?? ""]))).toBe(true);
  });

  test("gets over iterators that expire and calls that fail, at every one of its calls", async () => {
    for (let at = 1; at <= 40; at++) {
      const world = aWorld();
      await put(world, 0n, 30);
      let calls = 0;
      const following = follow(world, () => {
        calls++;
        if (calls === at) throw new TracingError("unavailable", "injected");
        if (calls % 7 === 0) world.stream.expireIterators();
      });
      expect([at, await following.until(isAllDone(world, [SHARD]))]).toEqual([at, true]);
      expect(violations(world, world.stream.held(SHARD))).toEqual([]);
      expect(following.faults.length).toBe(1);
    }
  });

  test("waits longer after each failure, up to five seconds", async () => {
    const world = aWorld();
    await put(world, 0n, 1);
    let failures = 0;
    const following = follow(
      world,
      (point) => {
        if (point === "iterator before" && ++failures <= 8) throw new TracingError("throttled", "injected");
      },
      { random: () => 1 },
    );
    expect(await following.until(isAllDone(world, [SHARD]))).toBe(true);
    const backoffs = following.waits.filter((millis) => millis !== 10_000 && millis !== 100);
    expect(backoffs).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  test("takes up a plan that a dead reader left open, though its records are gone", async () => {
    const world = aWorld();
    await put(world, 0n, 3);
    const [first, , last] = world.stream.held(SHARD).map(({ sequenceNumber }) => sequenceNumber);
    if (first === undefined || last === undefined) throw new Error("nothing was put");
    const plan = { first, last, at: 5, closed: -1, tries: 1, suspect: undefined, excluded: [] };
    await world.states.save(SHARD, { done: undefined, plan, lastAt: 5, closed: -1, version: 1 });
    world.stream.expireRecords(SHARD, 3);
    expect(await follow(world).until(() => world.states.finished.length === 1)).toBe(true);
    expect(world.notices).toEqual([{ kind: "lost", shardId: SHARD, first, last }]);
  });

  test("stops after what it is indexing", async () => {
    const world = aWorld();
    await put(world, 0n, 5);
    const following = follow(world);
    await following.until(() => world.table.size > 0);
    expect(violations(world, world.stream.held(SHARD))).toEqual([]);
  });
});
