import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readerStates } from "../../../lib/pipeline/reader-states.ts";
import { itemBytes } from "../../../lib/store/item-bytes.ts";
import { ROLLUP_KEY } from "../../../lib/store/keys.ts";
import { decodeReaderState, encodeReaderState } from "../../../lib/store/reader-states.ts";
import { encodeRollupState } from "../../../lib/store/rollup-states.ts";
import type { ReaderState } from "../../../lib/stream/port.ts";
import { memoryItems } from "../../support/memory-items.ts";

const NOW = Date.UTC(2026, 10, 22, 13, 30);

const states = (table = memoryItems(), stream = "spans@1") =>
  readerStates({ registers: table, stream, retentionSeconds: 86_400, clock: () => NOW });

const number = fc.bigInt({ min: 0n, max: 2n ** 186n }).map(String);
const state: fc.Arbitrary<Omit<ReaderState, "version">> = fc.record({
  done: fc.option(number, { nil: undefined }),
  plan: fc.option(
    fc.record({
      first: number,
      last: number,
      at: fc.maxSafeNat(),
      closed: fc.integer({ min: -1, max: 600_000 }),
      tries: fc.nat(),
      suspect: fc.option(fc.record({ number, since: fc.maxSafeNat(), seen: fc.nat() }), { nil: undefined }),
      excluded: fc.array(number, { maxLength: 5 }),
    }),
    { nil: undefined },
  ),
  lastAt: fc.maxSafeNat(),
  closed: fc.integer({ min: -1, max: 600_000 }),
});

describe("reader states in the table", () => {
  test("come back as they were saved", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 4 }), async (saved) => {
        const all = states();
        for (const [i, one] of saved.entries()) {
          expect(await all.save("shard-1", { ...one, version: i + 1 })).toBe(true);
          expect(await all.load("shard-1")).toEqual({ ...one, version: i + 1 });
        }
      }),
    );
  });

  test("fit a write unit", () => {
    fc.assert(
      fc.property(state, (one) => {
        const body = encodeReaderState(one);
        const key = { pk: `K#${"s".repeat(128)}:1795354200.123`, sk: new Uint8Array(20) };
        expect(itemBytes({ ...key, body, ttl: 1, version: 9_999_999 })).toBeLessThanOrEqual(1024);
      }),
    );
  });

  test("a shard without an item has read nothing", async () => {
    expect(await states().load("shard-1")).toEqual({
      done: undefined,
      plan: undefined,
      lastAt: 0,
      closed: -1,
      version: 0,
    });
  });

  test("a write from an old version changes nothing, and a recreated stream starts anew", async () => {
    const table = memoryItems();
    const mine = { done: "1", plan: undefined, lastAt: 1, closed: -1, version: 1 };
    expect(await states(table).save("shard-1", mine)).toBe(true);
    expect(await states(table).save("shard-1", { ...mine, done: "2" })).toBe(false);
    expect((await states(table).load("shard-1")).done).toBe("1");
    expect((await states(table, "spans@2").load("shard-1")).version).toBe(0);
  });

  test("each write renews the ttl to a day past the stream's retention", async () => {
    const table = memoryItems();
    await states(table).save("shard-1", { done: "1", plan: undefined, lastAt: 1, closed: -1, version: 1 });
    expect(table.stored().find(({ pk }) => pk === "K#spans@1")?.ttl).toBe(NOW / 1000 + 86_400 + 86_400);
  });

  test("the fence is what rollup says", async () => {
    const table = memoryItems();
    expect(await states(table).fence()).toEqual({ closed: -1, floor: 0 });
    const body = encodeRollupState({ closed: 496_000, until: undefined, floor: NOW, minute: 1, rolled: 495_999 });
    await table.save(ROLLUP_KEY, { body, ttl: 1, version: 1 });
    expect(await states(table).fence()).toEqual({ closed: 496_000, floor: NOW });
  });

  test("a stream is named before its first shard is, by each process, and again after a day", async () => {
    const table = memoryItems();
    const writes: string[] = [];
    table.faults = ({ name, phase, keys }) => {
      if (name === "save" && phase === "after") writes.push(...keys.map(({ pk }) => pk));
      return undefined;
    };
    let now = NOW;
    const clock = () => now;
    const all = readerStates({ registers: table, stream: "spans@1", retentionSeconds: 86_400, clock });
    const state = { done: undefined, plan: undefined, lastAt: 1, closed: -1 };
    await all.save("shard-1", { ...state, version: 1 });
    await all.save("shard-1", { ...state, version: 2 });
    expect(writes).toEqual(["K", "K#spans@1", "K#spans@1"]);
    const named = table.stored().find(({ pk }) => pk === "K");
    expect([Buffer.from(named?.body ?? []).toString(), named?.ttl]).toEqual(["spans@1", NOW / 1000 + 4 * 86_400]);
    now += 86_400_000;
    await all.save("shard-1", { ...state, version: 3 });
    expect(writes.slice(3)).toEqual(["K", "K#spans@1"]);
  });

  test("a body that is none of ours is refused by name", () => {
    expect(() => decodeReaderState(Buffer.from('{"lastAt":"x","closed":1}'))).toThrow(
      'lastAt "x": expected an integer',
    );
    expect(() => decodeReaderState(Buffer.from("null"))).toThrow("expected an object");
  });
});
