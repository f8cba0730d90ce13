import { beforeAll, describe, expect, test } from "vitest";
import { itemBytes } from "../../lib/store/item-bytes.ts";
import { type Item, type ItemQuery, type Items, MAX_ITEM_BYTES, type Registers } from "../../lib/store/items.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const TTL = 1_800_000_000;

/** Every test has partitions of its own, so that they may share one table. */
let partitions = 0;
const partition = (): string => `S#tenant ${++partitions}#é\u0000#${"%23"}`;

const item = (pk: string, sk: Uint8Array, body: Uint8Array = bytes(1)): Item => ({ pk, sk, body, ttl: TTL });

/** What anything must do that stands in for the table. */
export function itemsContract(open: () => Promise<Items & Registers>): void {
  let table: Items & Registers;
  beforeAll(async () => {
    table = await open();
  });

  const sortKeys = async (query: ItemQuery): Promise<number[][]> =>
    (await table.query(query)).items.map((one) => [...one.sk]);

  describe("get and put", () => {
    test("what was put is read back to the last byte, in whatever order", async () => {
      const pk = partition();
      const items = Array.from({ length: 25 }, (_, n) => item(pk, bytes(n, 255 - n), bytes(n, 0, 128, 255)));
      expect(await table.put(items)).toEqual([]);
      const { items: found, left } = await table.get(items, true);
      expect(left).toEqual([]);
      expect(found.map(plain).sort(bySortKey)).toEqual(items.map(plain));
    });

    test("a put replaces the whole item", async () => {
      const pk = partition();
      await table.put([item(pk, bytes(1), bytes(1, 2, 3))]);
      await table.put([{ ...item(pk, bytes(1), bytes(4)), ttl: TTL + 1 }]);
      const { items } = await table.get([{ pk, sk: bytes(1) }], true);
      expect(items.map(plain)).toEqual([plain({ ...item(pk, bytes(1), bytes(4)), ttl: TTL + 1 })]);
    });

    test("keys with no item are in neither list", async () => {
      const pk = partition();
      await table.put([item(pk, bytes(1))]);
      const answer = await table.get(
        [
          { pk, sk: bytes(2) },
          { pk, sk: bytes(1) },
          { pk: `${pk}!`, sk: bytes(1) },
        ],
        false,
      );
      expect(answer.items.map(plain)).toEqual([plain(item(pk, bytes(1)))]);
      expect(answer.left).toEqual([]);
      expect(await table.get([{ pk, sk: bytes(9) }], true)).toEqual({ items: [], left: [] });
    });

    test("an empty body is a body", async () => {
      const pk = partition();
      await table.put([item(pk, bytes(1), bytes())]);
      expect((await table.get([{ pk, sk: bytes(1) }], true)).items.map(plain)).toEqual([
        plain(item(pk, bytes(1), bytes())),
      ]);
    });

    test("takes a hundred keys in a get and 25 items in a put, and not one more", async () => {
      const pk = partition();
      const items = Array.from({ length: 101 }, (_, n) => item(pk, bytes(n)));
      await expect(table.put(items.slice(0, 26))).rejects.toMatchObject({ code: "internal" });
      await expect(table.get(items, false)).rejects.toMatchObject({ code: "internal" });
      await table.put(items.slice(0, 25));
      expect((await table.get(items.slice(0, 100), false)).items).toHaveLength(25);
    });

    test("refuses a key that occurs twice", async () => {
      const pk = partition();
      const one = item(pk, bytes(1));
      await expect(table.put([one, item(pk, bytes(1), bytes(2))])).rejects.toMatchObject({ code: "internal" });
      await expect(table.get([one, one], false)).rejects.toMatchObject({ code: "internal" });
    });

    test.each([TTL, 1_800_000_001, 1_234_567_800, 12_345_678_900, 12_345, 7])(
      "takes an item of 400 KiB by our own count of its size, and not a byte more, ttl %i",
      async (ttl) => {
        // ASCII, because the emulator counts characters where DynamoDB counts bytes of UTF-8.
        const key = { pk: "P#size", sk: bytes(1), ttl };
        const room = MAX_ITEM_BYTES - itemBytes({ ...key, body: bytes() });
        expect(await table.put([{ ...key, body: new Uint8Array(room) }])).toEqual([]);
        const tooLarge = table.put([{ ...key, body: new Uint8Array(room + 1) }]);
        await expect(tooLarge).rejects.toMatchObject({ code: "internal" });
      },
    );

    test("takes 25 items of the largest size in one call, and hands them out with what is left", async () => {
      const pk = partition();
      const body = new Uint8Array(MAX_ITEM_BYTES - 200).fill(7);
      const items = Array.from({ length: 25 }, (_, n) => item(`${pk} ${n}`, bytes(n), body));
      expect(await table.put(items)).toEqual([]);
      const { items: found, left } = await table.get(items, false);
      expect(found.length + left.length).toBe(25);
      expect(found.length).toBeGreaterThan(0);
    });

    test("refuses empty keys and keys over the limits", async () => {
      const pk = partition();
      await expect(table.put([item("", bytes(1))])).rejects.toMatchObject({ code: "internal" });
      await expect(table.put([item(pk, bytes())])).rejects.toMatchObject({ code: "internal" });
      await expect(table.put([item(pk, new Uint8Array(1025))])).rejects.toMatchObject({ code: "internal" });
      await expect(table.put([item("x".repeat(2049), bytes(1))])).rejects.toMatchObject({ code: "internal" });
      expect(await table.put([item("x".repeat(2048), new Uint8Array(1024))])).toEqual([]);
    });
  });

  describe("query", () => {
    const keys = [bytes(0), bytes(0, 0), bytes(1), bytes(1, 255), bytes(127), bytes(128), bytes(255), bytes(255, 255)];
    const all = keys.map((key) => [...key]);

    async function filled(): Promise<string> {
      const pk = partition();
      await table.put([...keys.toReversed().map((key) => item(pk, key)), item(`${pk}2`, bytes(1))]);
      return pk;
    }

    test("orders sort keys as unsigned bytes, a prefix first, and stays in its partition", async () => {
      const pk = await filled();
      expect(await sortKeys({ pk, consistent: true })).toEqual(all);
      expect(await sortKeys({ pk, consistent: false, descending: true })).toEqual(all.toReversed());
    });

    test("takes both bounds, either or neither, each inclusive", async () => {
      const pk = await filled();
      const within = (from?: Uint8Array, to?: Uint8Array) =>
        sortKeys({ pk, consistent: true, ...(from && { from }), ...(to && { to }) });
      expect(await within(bytes(1), bytes(128))).toEqual(all.slice(2, 6));
      expect(await within(bytes(1, 0))).toEqual(all.slice(3));
      expect(await within(undefined, bytes(127, 255))).toEqual(all.slice(0, 5));
      expect(await within(bytes(2), bytes(126))).toEqual([]);
    });

    test.each([false, true])("goes on after the last page, descending %s", async (descending) => {
      const pk = await filled();
      const range = { pk, from: bytes(0, 0), to: bytes(255), descending, consistent: true };
      const seen: number[][] = [];
      let after: Uint8Array | undefined;
      do {
        const page = await table.query({ ...range, limit: 2, ...(after && { after }) });
        expect(page.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.items.map((one) => [...one.sk]));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual(descending ? all.slice(1, 7).toReversed() : all.slice(1, 7));
    });

    test("of a partition that does not exist is empty and at its end", async () => {
      expect(await table.query({ pk: partition(), consistent: false })).toEqual({ items: [], next: undefined });
    });

    test("ends a page at 1 MB", async () => {
      const pk = partition();
      for (let n = 0; n < 5; n++) await table.put([item(pk, bytes(n), new Uint8Array(300_000))]);
      const page = await table.query({ pk, consistent: true });
      expect(page.items.map((one) => one.sk[0])).toEqual([0, 1, 2, 3]);
      const rest = await table.query({ pk, consistent: true, ...(page.next && { after: page.next }) });
      expect([rest.items.map((one) => one.sk[0]), rest.next]).toEqual([[4], undefined]);
    });
  });

  describe("registers", () => {
    const key = () => ({ pk: partition(), sk: bytes(1) });
    const register = (version: number, ...body: number[]) => ({ body: bytes(...body), ttl: TTL + version, version });

    test("there is none before the first save, and then what was saved", async () => {
      const at = key();
      expect(await table.load(at)).toBeUndefined();
      expect(await table.save(at, register(1, 7))).toBe(true);
      const found = await table.load(at);
      expect([[...(found?.body ?? [])], found?.ttl, found?.version]).toEqual([[7], TTL + 1, 1]);
    });

    test("only the next version is saved", async () => {
      const at = key();
      expect(await table.save(at, register(2, 1))).toBe(false);
      expect(await table.save(at, register(1, 1))).toBe(true);
      expect(await table.save(at, register(1, 2))).toBe(false);
      expect(await table.save(at, register(3, 2))).toBe(false);
      expect(await table.save(at, register(2, 2))).toBe(true);
      expect((await table.load(at))?.version).toBe(2);
    });

    test("of writers that start from the same version one wins, every time", async () => {
      const at = key();
      for (let version = 1; version <= 5; version++) {
        const saved = await Promise.all([1, 2, 3].map((writer) => table.save(at, register(version, writer))));
        expect(saved.filter(Boolean)).toHaveLength(1);
        expect([...((await table.load(at))?.body ?? [])]).toEqual([saved.indexOf(true) + 1]);
      }
    });

    test("are seen by queries as items are", async () => {
      const at = key();
      await table.save(at, register(1, 7));
      expect((await table.query({ pk: at.pk, consistent: true })).items.map(plain)).toEqual([
        plain({ ...at, ...register(1, 7) }),
      ]);
    });
  });
}

/** Buffers and Uint8Arrays of the same bytes are the same. */
const plain = (one: Item) => ({ pk: one.pk, sk: [...one.sk], body: [...one.body], ttl: one.ttl });

const bySortKey = (a: { sk: number[] }, b: { sk: number[] }): number => (a.sk[0] ?? 0) - (b.sk[0] ?? 0);
