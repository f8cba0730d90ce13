/** Partition key as text, sort key as bytes that order as unsigned. */
export interface Key {
  readonly pk: string;
  readonly sk: Uint8Array;
}

/** One immutable item. What stands in `body` is its kind's own format (docs/format.md). */
export interface Item extends Key {
  readonly body: Uint8Array;
  /** Unix epoch seconds after which it no longer counts, and the table may delete it. */
  readonly ttl: number;
}

export interface ItemQuery {
  readonly pk: string;
  /** Bounds of the sort key, both inclusive. */
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
  readonly descending?: boolean;
  /** Items, at most; the table also ends a page at 1 MB. */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly after?: Uint8Array;
  readonly consistent: boolean;
}

export interface ItemPage {
  readonly items: readonly Item[];
  /** Hand it in as `after`; undefined at the end. */
  readonly next: Uint8Array | undefined;
}

/** The table, one call a method, nothing retried: what was not done is handed back. Throttling as a whole is thrown (TracingError throttled). */
export interface Items {
  /** At most {@link MAX_GET_KEYS}; keys with no item are in neither list. */
  get(
    keys: readonly Key[],
    consistent: boolean,
  ): Promise<{ readonly items: readonly Item[]; readonly left: readonly Key[] }>;
  query(query: ItemQuery): Promise<ItemPage>;
  /** At most {@link MAX_PUT_ITEMS}, no key twice; returns the items that were not put. */
  put(items: readonly Item[]): Promise<readonly Item[]>;
}

/** An item that changes: every write names the version it was made from. */
export interface Register {
  readonly body: Uint8Array;
  readonly ttl: number;
  readonly version: number;
}

export interface Registers {
  /** Consistent. */
  load(key: Key): Promise<Register | undefined>;
  /** Writes if the stored version is `register.version - 1` (or nothing is stored and `register.version` is 1); false if not. */
  save(key: Key, register: Register): Promise<boolean>;
}

/** DynamoDB's BatchGetItem and BatchWriteItem. */
export const MAX_GET_KEYS = 100;
export const MAX_PUT_ITEMS = 25;
/** DynamoDB's ceiling on an item, attribute names included. */
export const MAX_ITEM_BYTES = 400 * 1024;
