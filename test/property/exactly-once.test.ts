import { describe, expect, test } from "vitest";
import { TracingError } from "../../lib/model/errors.ts";
import { Random } from "../data/random.ts";
import { type Life, Scheduler } from "../support/invocations.ts";
import {
  aProcess,
  aWorld,
  deliver,
  expectExactlyOnce,
  FUNCTION_TIMEOUT_MILLIS,
  followsFromPlans,
  HOUR,
  invoke,
  type Process,
  raiseClosed,
  SHARD,
  type World,
} from "./exactly-once-world.ts";

type Hook = (point: string, life: Life) => Promise<void> | void;

/** Two plans, one across a record that nobody can read; the second one under an hour that has closed since. */
async function deliverAll(world: World, hook: Hook, process?: Process): Promise<void> {
  await deliver(world, world.records.slice(0, 4), hook, process);
  await raiseClosed(world, HOUR - 2);
  await deliver(world, world.records.slice(2), hook, process);
}

describe("every record is indexed exactly once, from the stream to the table", { timeout: 120_000 }, () => {
  test("undisturbed, with late hours, spans that state no start, and several tenants in a plan", async () => {
    const world = await aWorld({ seed: 1, records: 12 });
    await deliverAll(world, () => {});
    expect(world.finished).toHaveLength(2);
    expect(world.finished.map((plan) => plan.closed)).toEqual([HOUR - 3, HOUR - 2]);
    const partitions = new Set(world.table.stored().map(({ pk }) => pk.slice(0, pk.lastIndexOf("#"))));
    for (const partition of ["S#shop", "S#bank", "S#shop%231", "H#shop", "G#shop"])
      expect(partitions).toContain(partition);
    await expectExactlyOnce(world);
  });

  test("when an invocation dies before or after any one call of any port, and everything is delivered again", async () => {
    const points = new Set<string>();
    for (let crashAt = 1; ; crashAt++) {
      const world = await aWorld({ seed: 2, records: 8, garbled: [3] });
      let steps = 0;
      await deliverAll(world, (point, life) => {
        if (++steps !== crashAt) return;
        points.add(point);
        life.die();
      });
      await expectExactlyOnce(world, [3]);
      if (steps < crashAt) break;
    }
    for (const call of ["load", "save", "put", "keep"])
      for (const phase of ["before", "after"]) expect(points).toContain(`${call} ${phase}`);
  });

  test("when any one call fails, before or after it is done, and the same process tries again", async () => {
    for (let failAt = 1; ; failAt++) {
      const world = await aWorld({ seed: 2, records: 8, garbled: [3] });
      let steps = 0;
      const fail: Hook = () => {
        if (++steps === failAt) throw new TracingError("internal", "injected");
      };
      await deliverAll(world, fail, aProcess(world));
      await expectExactlyOnce(world, [3]);
      if (steps < failAt) break;
    }
  });

  test("when it dies anywhere in a plan that is read from the stream again and decoded one record at a time", async () => {
    const points = new Set<string>();
    for (let crashAt = 1; ; crashAt++) {
      const world = await aWorld({ seed: 3, records: 6, garbled: [2] });
      for (let i = 0; i < 2; i++) {
        await invoke(world, world.records.slice(0, 5), (point, life) => {
          if (point === "put before") life.die();
        });
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      let steps = 0;
      await deliver(world, world.records.slice(4), (point, life) => {
        if (++steps !== crashAt) return;
        points.add(point);
        life.die();
      });
      await expectExactlyOnce(world, [2]);
      if (steps < crashAt) break;
    }
    for (const call of ["iterator", "records"])
      for (const phase of ["before", "after"]) expect(points).toContain(`${call} ${phase}`);
  });

  test("when they come again, in other batches, to several indexers at once that die at random while hours close", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const scheduler = new Scheduler(random);
      const garbled = seed % 3 === 0 ? [4] : [];
      const world = await aWorld({ seed, records: 9, garbled });
      for (let round = 0; round < 6; round++) {
        const done = world.finished.at(-1)?.last;
        const next = world.records.findIndex(({ sequenceNumber }) => sequenceNumber === done) + 1;
        const tasks = Array.from({ length: 2 + random.below(2) }, () => {
          // A shard delivers no gaps: no batch starts past the first record that is not done.
          const start = random.below(next + 1);
          return invoke(world, world.records.slice(start, next + 1 + random.below(5)), async (_, life) => {
            await scheduler.turn();
            if (random.chance(0.01)) life.die();
          });
        });
        await scheduler.run(tasks);
        await raiseClosed(world, HOUR - 3 + Math.floor(round / 2));
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      await deliver(world, world.records);
      await expectExactlyOnce(world, garbled);
    }
  });
});

describe("a record that ends the process", () => {
  test.each([0, 3, 6])("is set aside whole within five tries, and its neighbours are indexed (at %i)", async (at) => {
    const world = await aWorld({ seed: 5, records: 7, deadly: [at] });
    expect(await deliver(world, world.records)).toBeLessThanOrEqual(5);
    await expectExactlyOnce(world, [at]);
    expect(world.notices).toMatchObject([{ kind: "excluded", sequenceNumber: world.records[at]?.sequenceNumber }]);
  });
});

test("a whole batch that nobody can read is set aside, however many records it has", async () => {
  const world = await aWorld({ seed: 1, records: 0 });
  await world.stream.put(Array.from({ length: 10_000 }, (_, i) => ({ place: 0n, data: Uint8Array.of(9, i, i >> 8) })));
  await deliver(world, world.stream.held(SHARD));
  expect(world.quarantine.kept.size).toBe(10_000);
  expect(world.finished.flatMap((plan) => plan.excluded)).toHaveLength(10_000);
  expect(world.table.dump(followsFromPlans)).toEqual([]);
});

describe("no record is set aside", { timeout: 120_000 }, () => {
  test("by tries that merely take too long, wherever their time ends", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const world = await aWorld({ seed, records: 7 });
      for (let tries = 0; tries < 12; tries++) {
        const end = world.now + FUNCTION_TIMEOUT_MILLIS;
        await invoke(world, world.records, (point, life) => {
          // The table's items are slow to be put, the shard's own state is not.
          world.now += point.startsWith("put") ? FUNCTION_TIMEOUT_MILLIS : random.below(5_000);
          if (world.now > end) life.die();
        });
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      await deliver(world, world.records);
      await expectExactlyOnce(world);
    }
  });

  test("by tries that live on when an answer of the table gets lost, however often", async () => {
    for (let lost = 1; lost <= 9; lost++) {
      const world = await aWorld({ seed: lost, records: 5 });
      for (let tries = 0; tries < 8; tries++) {
        let saves = 0;
        await invoke(world, world.records, (point, life) => {
          if (point === "put before") life.die();
          // The first two tries die, so that those after them are careful.
          if (tries >= 2 && point === "save after" && ++saves === lost)
            throw new TracingError("unavailable", "injected: the answer got lost");
        }).catch(() => undefined);
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      await deliver(world, world.records);
      await expectExactlyOnce(world);
    }
  });

  test("by tries that run beside each other", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const scheduler = new Scheduler(random);
      const world = await aWorld({ seed, records: 6 });
      for (let round = 0; round < 3; round++) {
        const tasks = Array.from({ length: 4 }, () => invoke(world, world.records, () => scheduler.turn()));
        await scheduler.run(tasks);
        world.now += FUNCTION_TIMEOUT_MILLIS + 1;
      }
      await expectExactlyOnce(world);
    }
  });
});
