import { describe, expect, test } from "vitest";
import { itemBatches } from "../../../lib/store/batches.ts";
import { type NameWriter, nameReader, nameWriter } from "../../../lib/store/names.ts";
import type { Names } from "../../../lib/store/port.ts";
import { type MemoryItems, memoryItems } from "../../support/memory-items.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const AT = Date.UTC(2026, 10, 22, 13, 30);
const HOUR = 3_600_000;

interface Bench {
  readonly table: MemoryItems;
  readonly names: Names;
  /** A new process. */
  readonly writer: () => NameWriter;
  readonly at: (now: number) => Names;
}

function bench(): Bench {
  const table = memoryItems();
  const { clock, sleep } = virtualTime(AT);
  const batches = itemBatches({ items: table, clock, sleep, random: () => 0.5 });
  return {
    table,
    names: nameReader({ batches, clock }),
    writer: () => nameWriter({ batches, retentionHours: 168 }),
    at: (now) => nameReader({ batches, clock: () => now }),
  };
}

const operation = (service: string, name: string, kind = 2) => ({ service, name, kind });

describe("names", () => {
  test("services and operations are listed in order, each once", async () => {
    const { names, writer } = bench();
    await writer().write("t", AT, [
      operation("web", "GET /", 3),
      operation("db", "query"),
      operation("web", "GET /", 2),
    ]);
    await writer().write("t", AT + 1, [operation("web", "GET /", 2), operation("web", "DELETE /", 2)]);
    expect(await names.services("t")).toEqual(["db", "web"]);
    expect(await names.operations("t", "web")).toEqual([
      { name: "DELETE /", kind: 2 },
      { name: "GET /", kind: 2 },
      { name: "GET /", kind: 3 },
    ]);
    expect(await names.operations("t", "cache")).toEqual([]);
  });

  test("a tenant sees only its own", async () => {
    const { names, writer } = bench();
    await writer().write("a", AT, [operation("web", "x")]);
    await writer().write("a#web", AT, [operation("secret", "y")]);
    expect(await names.services("a")).toEqual(["web"]);
    expect(await names.operations("a", "web")).toEqual([{ name: "x", kind: 2 }]);
    expect(await names.services("b")).toEqual([]);
  });

  test("are whole up to 1,024 bytes, whatever they are made of", async () => {
    const { names, writer } = bench();
    const services = ["\ufeffbom", "#%23", "\u{1F525}".repeat(256), `${"x".repeat(1_023)}1`, `${"x".repeat(1_023)}2`];
    await writer().write(
      "t",
      AT,
      services.flatMap((service) => services.map((name) => operation(service, name, 5))),
    );
    expect(await names.services("t")).toEqual(services.toSorted());
    for (const service of services)
      expect((await names.operations("t", service)).map((one) => one.name)).toEqual(services.toSorted());
  });

  test("are read once a second however often they are asked for, but for those of which there are none yet", async () => {
    const { table, writer } = bench();
    let now = AT;
    const { clock, sleep } = { clock: () => now, sleep: async () => {} };
    const names = nameReader({ batches: itemBatches({ items: table, clock, sleep, random: () => 0.5 }), clock });
    expect(await names.services("t")).toEqual([]);
    await writer().write("t", AT, [operation("web", "x")]);
    expect(await names.services("t")).toEqual(["web"]);
    const calls = table.calls;
    await writer().write("t", AT, [operation("db", "y")]);
    now += 900;
    expect(await names.services("t")).toEqual(["web"]);
    expect(await names.services("u")).toEqual([]);
    expect(table.calls).toBe(calls + 2);
    now += 100;
    expect(await names.services("t")).toEqual(["db", "web"]);
    now -= HOUR;
    await writer().write("t", AT, [operation("cache", "z")]);
    expect(await names.services("t")).toEqual(["cache", "db", "web"]);
  });

  test("longer ones are listed cut and marked, and lead to their operations whole or as listed", async () => {
    const { table, names, writer } = bench();
    const long = `ab${"\u{1F525}".repeat(100_000)}`;
    const cut = `ab${"\u{1F525}".repeat(254)}…`;
    await writer().write("t", AT, [operation(long, long), operation(long, `${long}!`), operation(long, "short")]);
    expect(await names.services("t")).toEqual([cut]);
    for (const service of [long, cut])
      expect((await names.operations("t", service)).map((one) => one.name)).toEqual([cut, "short"]);
    for (const item of table.stored()) expect(item.body.length).toBeLessThanOrEqual(1_024);
  });

  test("one process puts a name at most once an hour, and then again", async () => {
    const { table, writer } = bench();
    const one = writer();
    await one.write("t", AT, [operation("web", "x")]);
    const calls = table.calls;
    await one.write("t", AT + HOUR - 1, [operation("web", "x")]);
    expect(table.calls).toBe(calls);
    await one.write("t", AT + HOUR, [operation("web", "x")]);
    expect(table.calls).toBe(calls + 1);
  });

  test("what could not be put is put by the next plan", async () => {
    const { table, writer, names } = bench();
    const one = writer();
    table.faults = () => {
      throw new Error("crash");
    };
    await expect(one.write("t", AT, [operation("web", "x")])).rejects.toThrow("crash");
    table.faults = undefined;
    await one.write("t", AT, [operation("web", "x")]);
    expect(await names.services("t")).toEqual(["web"]);
  });

  test("a plan with very many brings them over several plans", async () => {
    const { table, writer, names } = bench();
    const one = writer();
    const all = Array.from({ length: 1_200 }, (_, n) => operation("web", `op ${n}`));
    expect(await one.write("t", AT, all)).toBe(701);
    expect(table.stored()).toHaveLength(500);
    expect(await one.write("t", AT + 1, all)).toBe(201);
    expect(await one.write("t", AT + 2, all)).toBe(0);
    expect(await names.operations("t", "web")).toHaveLength(1_200);
  });

  test("a service that makes up names keeps nobody else's waiting", async () => {
    const { writer, names } = bench();
    const one = writer();
    for (let plan = 0; plan < 3; plan++) {
      const madeUp = Array.from({ length: 2_000 }, (_, n) => operation("loud", `plan ${plan} op ${n}`));
      await one.write("t", AT + plan, [...madeUp, operation("quiet", "x"), operation("still", `y ${plan}`)]);
    }
    expect(await names.services("t")).toEqual(["loud", "quiet", "still"]);
    expect(await names.operations("t", "quiet")).toEqual([{ name: "x", kind: 2 }]);
    expect((await names.operations("t", "still")).map((found) => found.name)).toEqual(["y 0", "y 1", "y 2"]);
  });

  test("a name outlives the retention by the four hours in which it may still be brought, and is not listed after that", async () => {
    const { writer, at } = bench();
    await writer().write("t", AT, [operation("web", "x")]);
    expect(await at(AT + 172 * HOUR - 1).services("t")).toEqual(["web"]);
    expect(await at(AT + 172 * HOUR).services("t")).toEqual([]);
  });
});
