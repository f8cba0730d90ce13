import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { type Batches, itemBatches } from "../../../lib/store/batches.ts";
import { writeUnits } from "../../../lib/store/item-bytes.ts";
import type { Item } from "../../../lib/store/items.ts";
import { type Call, type Faults, type MemoryItems, memoryItems } from "../../support/memory-items.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const item = (n: number, size = 10): Item => ({
  pk: `P#${n}`,
  sk: Uint8Array.of(0),
  body: new Uint8Array(size).fill(n),
  ttl: 2_000_000_000,
});
const many = (count: number, size?: number): Item[] => Array.from({ length: count }, (_, n) => item(n, size));

interface Bench {
  readonly table: MemoryItems;
  readonly batches: Batches;
  /** Milliseconds slept so far. */
  readonly slept: () => number;
}

function bench(faults?: Faults): Bench {
  const table = memoryItems();
  table.faults = faults;
  const { clock, sleep } = virtualTime();
  const batches = itemBatches({
    items: table,
    clock,
    sleep,
    random: () => 0.5,
    patienceMillis: 10_000,
  });
  return { table, batches, slept: clock };
}

const isBefore = (call: Call, name: Call["name"]): boolean => call.name === name && call.phase === "before";

describe("putting many items", () => {
  test("cuts them into calls that the table takes", async () => {
    const { table, batches } = bench();
    await batches.putAll(many(251));
    expect(table.stored()).toHaveLength(251);
    expect(table.calls).toBe(11);
  });

  test("puts the last of equal keys", async () => {
    const { table, batches } = bench();
    await batches.putAll([item(1, 1), item(2), item(1, 3)]);
    expect(table.stored().map((stored) => stored.body.length)).toEqual([3, 10]);
  });

  test("puts again what was handed back, until nothing is", async () => {
    let pushes = 20;
    const { table, batches, slept } = bench((call) =>
      isBefore(call, "put") && pushes-- > 0 ? { left: Math.ceil(call.keys.length / 2) } : undefined,
    );
    await batches.putAll(many(100));
    expect(table.stored()).toHaveLength(100);
    expect(slept()).toBeGreaterThan(0);
  });

  test("a throttled call is tried again, and so is one whose answer was lost", async () => {
    let faults = 3;
    const { table, batches } = bench((call) => {
      if (call.name === "put" && call.phase === "before" && faults-- > 0) throw new TracingError("throttled", "slow");
      if (call.name === "put" && call.phase === "after" && faults-- > -3) throw new TracingError("unavailable", "gone");
      return undefined;
    });
    await batches.putAll(many(30));
    expect(table.stored()).toHaveLength(30);
  });

  test("gives up with unavailable when nothing gets anywhere", async () => {
    const { batches, slept } = bench((call) => (isBefore(call, "put") ? { left: call.keys.length } : undefined));
    await expect(batches.putAll(many(3))).rejects.toMatchObject({ code: "unavailable" });
    expect(slept()).toBeLessThanOrEqual(10_000);
  });

  test("any other fault is not tried again, and nothing is begun after it", async () => {
    const { table, batches } = bench((call) => {
      if (isBefore(call, "put")) throw new Error("crash");
      return undefined;
    });
    await expect(batches.putAll(many(1_000))).rejects.toThrow("crash");
    expect(table.calls).toBe(8);
  });

  test("slows down for a table that pushes back, and arrives all the same", async () => {
    // A table of 500 write units a second that hands back whatever is too much for the moment.
    const { clock, sleep } = virtualTime();
    const table = memoryItems();
    let allowance = 500;
    let filled = 0;
    let pushes = 0;
    table.faults = (call) => {
      if (!isBefore(call, "put")) return undefined;
      allowance = Math.min(500, allowance + ((clock() - filled) / 1000) * 500);
      filled = clock();
      const done = Math.min(call.keys.length, Math.floor(allowance / 20));
      allowance -= done * 20;
      if (done < call.keys.length) pushes++;
      return { left: call.keys.length - done };
    };
    const batches = itemBatches({
      items: table,
      clock,
      sleep,
      random: () => 0.9,
    });
    const all = many(1_000, 20 * 1024 - 100);
    expect(all.reduce((sum, one) => sum + writeUnits(one), 0)).toBe(20_000);
    await batches.putAll(all);
    expect(table.stored()).toHaveLength(1_000);
    expect(clock()).toBeGreaterThan(38_000);
    expect(pushes).toBeLessThan(100);
  });
});

describe("getting many items", () => {
  test("asks for a key once, in calls that the table takes, and keeps the order", async () => {
    const { table, batches } = bench();
    await batches.putAll(many(250));
    const calls = table.calls;
    const found = await batches.getAll([item(7), ...many(250), item(999), item(7)]);
    expect(found.map((one) => one.pk)).toEqual([
      "P#7",
      ...many(250).flatMap((one) => (one.pk === "P#7" ? [] : one.pk)),
    ]);
    expect(table.calls - calls).toBe(3);
  });

  test("goes on where an answer was cut, without waiting", async () => {
    const { table, batches, slept } = bench((call) =>
      isBefore(call, "get") ? { left: Math.floor(call.keys.length * 0.7) } : undefined,
    );
    await batches.putAll(many(100));
    const waited = slept();
    expect(await batches.getAll(many(100))).toHaveLength(100);
    expect(slept()).toBe(waited);
    expect(table.calls).toBeGreaterThan(8);
  });

  test("waits and tries again when nothing comes back, until patience ends", async () => {
    const { batches } = bench((call) => (isBefore(call, "get") ? { left: call.keys.length } : undefined));
    await expect(batches.getAll(many(3))).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a named key that a stale read lacks is read again consistently, and one that is nowhere is missing", async () => {
    const { table, batches } = bench((call) =>
      call.name === "get" ? { hides: (key) => key.pk === "P#3" || key.pk === "P#4" } : undefined,
    );
    await batches.putAll(many(10));
    const { items, missing } = await batches.getNamed([...many(10), item(77)]);
    expect(items.map((one) => one.pk)).toEqual(many(10).map((one) => one.pk));
    expect(missing.map((key) => key.pk)).toEqual(["P#77"]);
    expect(table.calls).toBe(3);
    expect(await batches.getAll(many(10))).toHaveLength(8);
    expect(await batches.getAll(many(10), true)).toHaveLength(10);
  });

  test("nothing asked is nothing called", async () => {
    const { table, batches } = bench();
    expect(await batches.getAll([])).toEqual([]);
    expect(await batches.getNamed([])).toEqual({ items: [], missing: [] });
    await batches.putAll([]);
    expect(table.calls).toBe(0);
  });
});

describe("querying to the end", () => {
  const row = (n: number): Item => ({ pk: "S#t", sk: Uint8Array.of(n), body: new Uint8Array(300 * 1024), ttl: 1 });

  test("follows the pages and tries a throttled one again", async () => {
    let faults = 2;
    const { batches } = bench((call) => {
      if (isBefore(call, "query") && faults-- > 0) throw new TracingError("throttled", "slow");
      return undefined;
    });
    await batches.putAll(Array.from({ length: 10 }, (_, n) => row(n)));
    const pages: number[][] = [];
    for await (const page of batches.queryAll({ pk: "S#t", descending: true, consistent: false }))
      pages.push(page.map((one) => one.sk[0] ?? -1));
    expect(pages).toEqual([
      [9, 8, 7, 6],
      [5, 4, 3, 2],
      [1, 0],
    ]);
  });

  test("ends at its limit, over pages", async () => {
    const { table, batches } = bench();
    await batches.putAll(Array.from({ length: 10 }, (_, n) => row(n)));
    const calls = table.calls;
    let seen = 0;
    for await (const page of batches.queryAll({ pk: "S#t", limit: 6, consistent: true })) seen += page.length;
    expect([seen, table.calls - calls]).toEqual([6, 2]);
  });
});
