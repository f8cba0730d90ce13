import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { shardReader } from "../../../lib/stream/reader.ts";
import { encodeRecord } from "../../../lib/stream/record.ts";
import { compareNumbers } from "../../../lib/stream/sequence.ts";
import { Random } from "../../data/random.ts";
import { type Life, Scheduler } from "../../support/invocations.ts";
import { DEADLY, GARBLED } from "../../support/memory-indexing.ts";
import { aWorld, FUNCTION_TIMEOUT_MILLIS, fill, invoke, SHARD, violations, type World } from "../../support/reading.ts";

const DAY_MILLIS = 86_400_000;

const plain = (count: number): number[][] => Array.from({ length: count }, (_, i) => [1, i]);

const excludedIn = ({ states }: World): readonly string[] => states.finished.flatMap(({ plan }) => plan.excluded);

/** Delivers again and again, as an event source does, until it succeeds; time passes in between. Returns the tries. */
async function deliver(world: World, count: number, hook?: (point: string, life: Life) => void): Promise<number> {
  for (let tries = 1; ; tries++) {
    const result = await invoke(world, world.stream.held(SHARD).slice(0, count), hook).catch(() => "failed");
    if (result !== "died" && result !== "failed") return tries;
    world.now += FUNCTION_TIMEOUT_MILLIS + 1;
    if (tries > 100) throw new Error("it never succeeds");
  }
}

describe("a shard is read exactly once", () => {
  test("when its records are delivered in order", async () => {
    const world = aWorld();
    const records = await fill(world, plain(7));
    expect(await invoke(world, records)).toEqual({ done: records.at(-1)?.sequenceNumber, plans: 1, records: 7 });
    expect(violations(world, records)).toEqual([]);
  });

  test("when they are delivered again, and in other batches", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new Random(seed);
      const world = aWorld();
      const records = await fill(world, plain(20));
      let reached = 0;
      while (reached < records.length) {
        const end = Math.min(records.length, reached + 1 + random.below(6));
        await invoke(world, records.slice(random.below(reached + 1), end));
        reached = end;
      }
      expect(violations(world, records)).toEqual([]);
    }
  });

  test("when the invocation dies before or after any one call of any port", async () => {
    let points = 0;
    for (let crashAt = 1; ; crashAt++) {
      const world = aWorld();
      const records = await fill(world, [...plain(3), [GARBLED], ...plain(3)]);
      let steps = 0;
      for (const count of [4, 7])
        await deliver(world, count, (_, life) => {
          if (++steps === crashAt) life.die();
        });
      expect([crashAt, violations(world, records)]).toEqual([crashAt, []]);
      expect(excludedIn(world)).toEqual([records[3]?.sequenceNumber]);
      if (steps < crashAt) break;
      points++;
    }
    expect(points).toBeGreaterThan(30);
  });

  test("when one try dies anywhere, and the tries before it have already made the reader careful", async () => {
    for (let crashAt = 1; crashAt <= 60; crashAt++) {
      const world = aWorld();
      const records = await fill(world, plain(6));
      for (let i = 0; i < 2; i++) {
        await invoke(world, records, (point, life) => {
          if (point === "write before") life.die();
        });
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      let steps = 0;
      await deliver(world, 6, (_, life) => {
        if (++steps === crashAt) life.die();
      });
      expect([crashAt, violations(world, records)]).toEqual([crashAt, []]);
      expect(excludedIn(world)).toEqual([]);
    }
  });

  test("when invocations run beside each other and die at random, while rollup closes hours", async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed);
      const scheduler = new Scheduler(random);
      const world = aWorld();
      const contents = plain(12);
      if (seed % 2 === 0) contents[random.below(12)] = [GARBLED];
      if (seed % 3 === 0) contents[random.below(12)] = [DEADLY];
      const records = await fill(world, contents);
      const isDeadly = random.chance(0.5);
      for (let round = 0; round < 30; round++) {
        const done = world.states.items.get(SHARD)?.done;
        const tasks = Array.from({ length: 1 + random.below(3) }, () => {
          // A shard delivers no gaps: no batch starts past the first record that is not done.
          const start = random.below(records.findIndex(({ sequenceNumber }) => sequenceNumber === done) + 2);
          return invoke(world, records.slice(start, start + 1 + random.below(8)), async (_, life) => {
            await scheduler.turn();
            if (isDeadly && random.chance(0.02)) life.die();
            if (random.chance(0.01)) await world.states.raiseClosed(round);
          });
        });
        await scheduler.run(tasks);
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      await deliver(world, 12);
      expect([seed, violations(world, records)]).toEqual([seed, []]);
    }
  });
});

describe("a plan", () => {
  test("that is open is finished as planned, from the stream where the delivery does not bring it", async () => {
    const world = aWorld();
    const records = await fill(world, plain(9));
    await invoke(world, records.slice(0, 8), (point, life) => {
      if (point === "write before") life.die();
    });
    world.stream.expireIterators();
    await invoke(world, records.slice(6));
    expect(world.states.finished.map(({ plan }) => [plan.first, plan.last, plan.tries])).toEqual([
      [records[0]?.sequenceNumber, records[7]?.sequenceNumber, 2],
      [records[8]?.sequenceNumber, records[8]?.sequenceNumber, 1],
    ]);
    expect(violations(world, records)).toEqual([]);
  });

  test("is read again past an iterator that expires on the way", async () => {
    const world = aWorld();
    const records = await fill(world, plain(9));
    await invoke(world, records, (point, life) => {
      if (point === "write before") life.die();
    });
    let calls = 0;
    await invoke(world, [], (point) => {
      if (point === "records before" && ++calls === 2) world.stream.expireIterators();
    });
    expect(calls).toBeGreaterThan(3);
    expect(violations(world, records)).toEqual([]);
  });

  test("takes at most 32 MiB by what its frames declare, decoding none", async () => {
    const world = aWorld();
    const data = encodeRecord({ tenant: "acme", receivedNanos: 1n, traces: new Uint8Array(3 * 1024 * 1024) });
    const records = await fill(
      world,
      Array.from({ length: 25 }, () => [...data]),
    );
    await invoke(world, records);
    const sizes = world.states.finished.map(
      ({ plan }) =>
        records.filter(
          ({ sequenceNumber }) =>
            compareNumbers(plan.first, sequenceNumber) <= 0 && compareNumbers(sequenceNumber, plan.last) <= 0,
        ).length,
    );
    expect(sizes).toEqual([10, 10, 5]);
  });

  test("whose records are no longer all in the stream is closed as it stands, and its range is named as lost", async () => {
    for (const [dropped, delivered] of [
      [2, [4, 5]],
      [6, [6]],
    ] as const) {
      const world = aWorld();
      const records = [...(await fill(world, plain(8)))];
      await invoke(world, records.slice(0, 6), (point, life) => {
        if (point === "write before") life.die();
      });
      world.stream.expireRecords(SHARD, dropped);
      await invoke(
        world,
        records.filter((_, i) => (delivered as readonly number[]).includes(i)),
      );
      const [first, last] = [records[0]?.sequenceNumber, records[5]?.sequenceNumber];
      expect(world.notices).toEqual([{ kind: "lost", shardId: SHARD, first, last }]);
      expect(world.states.finished[0]?.plan).toMatchObject({ first, last });
      expect(world.table.has(`head/${SHARD}/${first}/${last}`)).toBe(false);
    }
  });

  test("is made at least a millisecond after the one before, whatever the clock says", async () => {
    const world = aWorld();
    const records = await fill(world, plain(4));
    await invoke(world, records.slice(0, 1));
    world.now -= 3_600_000;
    await invoke(world, records);
    const [one, two] = world.states.finished.map(({ plan }) => plan.at);
    expect((two ?? 0) - (one ?? 0)).toBe(1);
  });

  test("keeps the closed hour it was made under; the first of a shard knows the stream's own", async () => {
    const world = aWorld();
    const records = await fill(world, plain(4));
    world.states.streamClosed = 400_000;
    await invoke(world, records.slice(0, 2), (point, life) => {
      if (point === "write before") life.die();
    });
    await world.states.raiseClosed(400_001);
    await invoke(world, records);
    expect(world.states.finished.map(({ plan }) => plan.closed)).toEqual([400_000, 400_001]);
  });

  test("is not made before what has been counted, where the shard is new", async () => {
    const world = aWorld();
    const records = await fill(world, plain(2));
    world.states.floor = world.now + 90_000;
    await invoke(world, records);
    expect(world.states.finished.map(({ plan }) => plan.at)).toEqual([world.states.floor]);
  });

  test("of a new shard cannot slip past an hour that closes between its item and its plan", async () => {
    const world = aWorld();
    const records = await fill(world, plain(2));
    let saves = 0;
    await invoke(world, records, async (point) => {
      if (point === "save after" && ++saves === 1) await world.states.raiseClosed(400_000);
    });
    expect(world.states.finished.map(({ plan }) => plan.closed)).toEqual([400_000]);
    expect(world.states.items.get(SHARD)?.closed).toBe(400_000);
  });
});

describe("a record that ends the process", () => {
  test.each([0, 3, 6])("is set aside within five tries, whole, and its neighbours are indexed (at %i)", async (at) => {
    const world = aWorld();
    const contents = plain(7);
    contents[at] = [DEADLY, 1, 2, 3];
    const records = await fill(world, contents);
    expect(await deliver(world, 7)).toBeLessThanOrEqual(5);
    const number = records[at]?.sequenceNumber ?? "";
    expect(world.quarantine.kept.get(`${SHARD}/${number}`)).toEqual(records[at]);
    expect(excludedIn(world)).toEqual([number]);
    expect(world.notices).toMatchObject([{ kind: "excluded", sequenceNumber: number }]);
    expect(violations(world, records)).toEqual([]);
  });

  test("is found among others like it and among garbled ones", async () => {
    const world = aWorld();
    const contents = plain(9);
    contents[1] = [GARBLED];
    contents[3] = [DEADLY];
    contents[4] = [DEADLY];
    contents[7] = [GARBLED];
    const records = await fill(world, contents);
    await deliver(world, 9);
    expect(excludedIn(world)).toEqual([1, 3, 4, 7].map((i) => records[i]?.sequenceNumber));
    expect(violations(world, records)).toEqual([]);
  });

  test("is not blamed while the try that named it may still live", async () => {
    const world = aWorld();
    const records = await fill(world, [...plain(2), [DEADLY]]);
    for (let i = 0; i < 3; i++) expect(await invoke(world, records)).toBe("died");
    const before = structuredClone(world.states.items.get(SHARD));
    for (let i = 0; i < 5; i++) {
      world.now += FUNCTION_TIMEOUT_MILLIS / 10;
      await expect(invoke(world, records)).rejects.toMatchObject({ code: "unavailable" });
    }
    expect(world.states.items.get(SHARD)).toEqual(before);
    expect(world.quarantine.kept.size).toBe(0);
  });

  test("is found though the clock of the try that named it was days ahead", async () => {
    const world = aWorld();
    const records = await fill(world, [...plain(2), [DEADLY]]);
    world.now += 9 * DAY_MILLIS;
    for (let i = 0; i < 3; i++) expect(await invoke(world, records)).toBe("died");
    world.now -= 9 * DAY_MILLIS;
    await deliver(world, 3);
    expect(excludedIn(world)).toEqual([records[2]?.sequenceNumber]);
    expect(violations(world, records)).toEqual([]);
  });
});

test("what a plan left out, and what has to come again, is given notice of", async () => {
  const world = aWorld();
  const records = await fill(world, plain(2));
  const read = shardReader({
    states: world.states,
    reader: world.stream,
    recordsPerCall: 3,
    indexer: { check: () => undefined, index: async () => ({ dropped: 5, waitingNames: 7 }) },
    quarantine: world.quarantine,
    clock: () => world.now,
    functionTimeoutMillis: FUNCTION_TIMEOUT_MILLIS,
    onNotice: (notice) => world.notices.push(notice),
  });
  await read(SHARD, records);
  const [first, last] = [records[0]?.sequenceNumber, records[1]?.sequenceNumber];
  expect(world.notices).toEqual([
    { kind: "waiting", shardId: SHARD, names: 7 },
    { kind: "dropped", shardId: SHARD, first, last, spans: 5 },
  ]);
});

describe("nothing is set aside", () => {
  test("because a try merely takes too long, however often", async () => {
    const world = aWorld();
    const records = await fill(world, plain(5));
    for (let i = 0; i < 20; i++) {
      await invoke(world, records, (point, life) => {
        if (point === "write before") life.die();
      });
      world.now += FUNCTION_TIMEOUT_MILLIS + 1;
    }
    await deliver(world, 5);
    expect(world.quarantine.kept.size).toBe(0);
    expect(violations(world, records)).toEqual([]);
  });

  test("because it runs beside another", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const scheduler = new Scheduler(random);
      const world = aWorld();
      const records = await fill(world, plain(6));
      for (let round = 0; round < 6; round++) {
        await scheduler.run(Array.from({ length: 4 }, () => invoke(world, records, () => scheduler.turn())));
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      expect(world.quarantine.kept.size).toBe(0);
      expect([seed, violations(world, records)]).toEqual([seed, []]);
    }
  });

  test("because the store is busy, at whichever call", async () => {
    for (const call of ["load", "save", "fence", "write", "index", "keep", "iterator", "records"]) {
      for (const when of ["before", "after"]) {
        const world = aWorld();
        const records = await fill(world, plain(5));
        let failures = 0;
        await deliver(world, 5, (point) => {
          if (point === `${call} ${when}` && failures++ < 12) throw new TracingError("throttled", "injected");
        });
        expect(world.quarantine.kept.size).toBe(0);
        expect([call, when, violations(world, records)]).toEqual([call, when, []]);
      }
    }
  });

  test("because a write's answer got lost and its repetition met itself", async () => {
    const world = aWorld();
    const records = await fill(world, plain(5));
    const save = world.states.save.bind(world.states);
    world.states.save = async (shardId, state) => {
      await save(shardId, state);
      return save(shardId, state);
    };
    expect(await invoke(world, records)).toMatchObject({ plans: 1, records: 5 });
    expect(violations(world, records)).toEqual([]);
  });
});

test("sequence numbers compare as integers", () => {
  expect(compareNumbers("9".repeat(55), `1${"0".repeat(55)}`)).toBeLessThan(0);
  expect(compareNumbers(`1${"0".repeat(55)}`, "9".repeat(55))).toBeGreaterThan(0);
  expect(compareNumbers("12", "12")).toBe(0);
});
