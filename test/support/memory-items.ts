import { TracingError } from "../../lib/model/errors.ts";
import { itemBytes } from "../../lib/store/item-bytes.ts";
import {
  type Item,
  type ItemQuery,
  type Items,
  type Key,
  MAX_GET_KEYS,
  MAX_ITEM_BYTES,
  MAX_PUT_ITEMS,
  type Register,
  type Registers,
} from "../../lib/store/items.ts";

/** One moment of one call of the ports. */
export interface Call {
  readonly name: "get" | "query" | "put" | "load" | "save";
  /** Of all calls to this table, from 1. */
  readonly n: number;
  readonly phase: "before" | "after";
  /** What the call is about; of a query its partition. */
  readonly keys: readonly (Key | { readonly pk: string })[];
}

/** What goes wrong. A hook may also throw: before the call nothing has happened, after it everything has. */
interface Fault {
  /** Of a get or put: how many items are handed back undone. Only heeded before the call. */
  readonly left?: number;
  /** Of an eventually consistent read: what it does not see yet. Only heeded before the call. */
  readonly hides?: (key: Key) => boolean;
}

export type Faults = (call: Call) => Fault | undefined;

interface Stored extends Item {
  readonly version?: number;
}

/** The table on a map, with DynamoDB's limits and none of its patience. */
export interface MemoryItems extends Items, Registers {
  /** Every item in key order, as text: two tables are equal when these are. */
  dump(accepts?: (pk: string) => boolean): string[];
  stored(): Stored[];
  /** Asked before and after every call. */
  faults: Faults | undefined;
  /** Calls so far. */
  readonly calls: number;
}

/** A query's page ends here (DynamoDB, Query). */
const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_PK_BYTES = 2048;
const MAX_SK_BYTES = 1024;

export function memoryItems(): MemoryItems {
  const table = new Map<string, Map<string, Stored>>();
  let calls = 0;

  const find = (key: Key): Stored | undefined => table.get(key.pk)?.get(hex(key.sk));
  const store = (item: Stored): void => {
    const partition = table.get(item.pk) ?? new Map<string, Stored>();
    partition.set(hex(item.sk), { ...item, sk: item.sk.slice(), body: item.body.slice() });
    table.set(item.pk, partition);
  };

  const self: MemoryItems = {
    faults: undefined,
    get calls() {
      return calls;
    },
    async get(keys, consistent) {
      checkKeys(keys, MAX_GET_KEYS);
      return during("get", keys, (fault) => {
        const done = keys.length - (fault.left ?? 0);
        const isSeen = (key: Key): boolean => consistent || !fault.hides?.(key);
        const items = keys.slice(0, done).flatMap((key) => (isSeen(key) ? (find(key) ?? []) : []));
        // BatchGetItem answers in no particular order.
        return { items: items.map(copy).reverse(), left: keys.slice(done) };
      });
    },
    async query(query) {
      return during("query", [{ pk: query.pk }], (fault) => {
        const seen = [...(table.get(query.pk)?.values() ?? [])].filter(
          (item) => query.consistent || !fault.hides?.(item),
        );
        return pageOf(seen, query);
      });
    },
    async put(items) {
      checkKeys(items, MAX_PUT_ITEMS);
      for (const item of items) checkItem(item);
      return during("put", items, (fault) => {
        const done = items.length - (fault.left ?? 0);
        for (const item of items.slice(0, done)) store({ pk: item.pk, sk: item.sk, body: item.body, ttl: item.ttl });
        return items.slice(done);
      });
    },
    async load(key) {
      checkKeys([key], 1);
      return during("load", [key], () => {
        const item = find(key);
        return item?.version === undefined
          ? undefined
          : { body: item.body.slice(), ttl: item.ttl, version: item.version };
      });
    },
    async save(key, register: Register) {
      checkItem({ ...key, ...register });
      return during("save", [key], () => {
        if ((find(key)?.version ?? 0) !== register.version - 1) return false;
        store({ ...key, body: register.body, ttl: register.ttl, version: register.version });
        return true;
      });
    },
    stored: () => [...table.values()].flatMap((partition) => [...partition.values()]),
    dump: (accepts = () => true) =>
      self
        .stored()
        .filter((item) => accepts(item.pk))
        .map((item) => `${item.pk} ${hex(item.sk)} ${hex(item.body)} ${item.ttl} ${item.version ?? ""}`)
        .sort(),
  };

  async function during<T>(name: Call["name"], keys: Call["keys"], work: (fault: Fault) => T): Promise<T> {
    const n = ++calls;
    const fault = self.faults?.({ name, n, phase: "before", keys }) ?? {};
    // A real table answers in its own time: whoever forgets to wait finds out.
    await Promise.resolve();
    const result = work(fault);
    self.faults?.({ name, n, phase: "after", keys });
    return result;
  }

  return self;
}

function pageOf(seen: readonly Stored[], query: ItemQuery): { items: Item[]; next: Uint8Array | undefined } {
  const direction = query.descending === true ? -1 : 1;
  const wanted = seen
    .filter(({ sk }) => query.from === undefined || Buffer.compare(sk, query.from) >= 0)
    .filter(({ sk }) => query.to === undefined || Buffer.compare(sk, query.to) <= 0)
    .filter(({ sk }) => query.after === undefined || Buffer.compare(sk, query.after) * direction > 0)
    .sort((a, b) => Buffer.compare(a.sk, b.sk) * direction);
  const items: Item[] = [];
  let bytes = 0;
  for (const item of wanted) {
    items.push(copy(item));
    bytes += itemBytes(item);
    // As DynamoDB does: it stops once the limit is reached, and then says so even if nothing follows.
    if (items.length === query.limit || bytes >= MAX_PAGE_BYTES) return { items, next: item.sk.slice() };
  }
  return { items, next: undefined };
}

function checkKeys(keys: readonly Key[], max: number): void {
  if (keys.length === 0 || keys.length > max) throw refused(`${keys.length} keys in a call: expected 1 to ${max}`);
  if (new Set(keys.map((key) => `${key.pk} ${hex(key.sk)}`)).size < keys.length) throw refused("a key occurs twice");
  for (const { pk, sk } of keys) {
    if (pk === "" || Buffer.byteLength(pk) > MAX_PK_BYTES) throw refused(`partition key of ${pk.length} characters`);
    if (sk.length === 0 || sk.length > MAX_SK_BYTES) throw refused(`sort key of ${sk.length} bytes`);
  }
}

function checkItem(item: Stored): void {
  checkKeys([item], 1);
  if (itemBytes(item) > MAX_ITEM_BYTES) throw refused(`item of ${itemBytes(item)} bytes`);
  if (!Number.isSafeInteger(item.ttl)) throw refused(`ttl ${item.ttl}`);
}

const refused = (message: string): TracingError => new TracingError("internal", `the table refused: ${message}`);

const copy = (item: Stored): Item => ({ pk: item.pk, sk: item.sk.slice(), body: item.body.slice(), ttl: item.ttl });

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
