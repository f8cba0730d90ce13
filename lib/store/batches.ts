import { TracingError } from "../model/errors.ts";
import type { Clock } from "../model/time.ts";
import { backoffMillis, isTransient } from "../runtime/retry.ts";
import { writeUnits } from "./item-bytes.ts";
import {
  type Item,
  type ItemPage,
  type ItemQuery,
  type Items,
  type Key,
  MAX_GET_KEYS,
  MAX_PUT_ITEMS,
} from "./items.ts";
import { keyText } from "./keys.ts";
import { pacer } from "./pacer.ts";

export interface BatchesOptions {
  readonly items: Items;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly sleep: (millis: number) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  /** How long a call goes on without getting anywhere before it gives up, milliseconds. */
  readonly patienceMillis?: number;
}

/** The table without its limits on a call: any number of items, and what is handed back is tried again. */
export interface Batches {
  /** All are put when it returns; of equal keys the last item is. */
  putAll(items: readonly Item[]): Promise<void>;
  /** What there is, in the order of the keys; equal keys count once. */
  getAll(keys: readonly Key[], consistent?: boolean): Promise<readonly Item[]>;
  /** Keys that something already read names: one that an eventually consistent read lacks is read again before it counts as missing. */
  getNamed(keys: readonly Key[]): Promise<{ readonly items: readonly Item[]; readonly missing: readonly Key[] }>;
  /** Page by page, in order. */
  queryAll(query: Omit<ItemQuery, "after">): AsyncIterable<readonly Item[]>;
}

const PATIENCE_MILLIS = 20_000;
/** Calls at once. 25 items of 400 KiB are 13.3 MiB of base64, so a call's 16 MB are never reached by count. */
const MAX_CALLS = 8;
const BACKOFF = { baseMillis: 25, maxMillis: 2_000 };

export function itemBatches(options: BatchesOptions): Batches {
  const { items } = options;
  const pace = pacer(options.clock);

  async function putChunk(chunk: readonly Item[], attempts: Attempts): Promise<void> {
    let left = chunk;
    while (left.length > 0) {
      await attempts.pause(pace.take(left.reduce((sum, item) => sum + writeUnits(item), 0)));
      const asked = left;
      left = (await attempts.transient(() => items.put(asked))) ?? asked;
      if (left.length < asked.length) attempts.gotSomewhere();
      if (left.length === 0) pace.taken();
      else {
        pace.pushedBack();
        await attempts.backOff();
      }
    }
  }

  async function getChunk(chunk: readonly Key[], consistent: boolean, found: Map<string, Item>): Promise<void> {
    const attempts = attemptsOf(options, "reads");
    let left = chunk;
    while (left.length > 0) {
      const asked = left;
      const answer = await attempts.transient(() => items.get(asked, consistent));
      for (const item of answer?.items ?? []) found.set(keyText(item), item);
      left = answer?.left ?? asked;
      // An answer is cut at 16 MB, or at 1 MB of one partition, without any fault: only one that brings nothing is a push back.
      if (left.length === asked.length) await attempts.backOff();
      else attempts.gotSomewhere();
    }
  }

  async function getDistinct(keys: ReadonlyMap<string, Key>, consistent: boolean): Promise<Map<string, Item>> {
    const found = new Map<string, Item>();
    await atOnce(chunksOf([...keys.values()], MAX_GET_KEYS), (chunk) => getChunk(chunk, consistent, found));
    return found;
  }

  async function queryPage(query: ItemQuery): Promise<ItemPage> {
    const attempts = attemptsOf(options, "queries");
    for (;;) {
      const page = await attempts.transient(() => items.query(query));
      if (page !== undefined) return page;
      await attempts.backOff();
    }
  }

  async function* queryAll(query: Omit<ItemQuery, "after">): AsyncGenerator<readonly Item[]> {
    let after: Uint8Array | undefined;
    let wanted = query.limit ?? Number.POSITIVE_INFINITY;
    do {
      const page = await queryPage({
        ...query,
        ...(Number.isFinite(wanted) ? { limit: wanted } : {}),
        ...(after === undefined ? {} : { after }),
      });
      wanted -= page.items.length;
      after = page.next;
      if (page.items.length > 0) yield page.items;
    } while (after !== undefined && wanted > 0);
  }

  return {
    async putAll(all) {
      const distinct = new Map(all.map((item) => [keyText(item), item]));
      await atOnce(chunksOf([...distinct.values()], MAX_PUT_ITEMS), (chunk) =>
        putChunk(chunk, attemptsOf(options, "writes")),
      );
    },
    async getAll(keys, consistent = false) {
      return [...inOrder(byText(keys), await getDistinct(byText(keys), consistent))];
    },
    async getNamed(keys) {
      const named = byText(keys);
      const found = await getDistinct(named, false);
      const lacking = new Map([...named].filter(([text]) => !found.has(text)));
      for (const [text, item] of await getDistinct(lacking, true)) found.set(text, item);
      return {
        items: [...inOrder(named, found)],
        missing: [...lacking].filter(([text]) => !found.has(text)).map(([, key]) => key),
      };
    },
    queryAll,
  };
}

/** The tries of one call. */
interface Attempts {
  /** Undefined when it may well succeed later. */
  transient<T>(call: () => Promise<T>): Promise<T | undefined>;
  /** Waits a while, longer each time, or throws when patience ends. */
  backOff(): Promise<void>;
  /** Waits without losing patience. */
  pause(millis: number): Promise<void>;
  gotSomewhere(): void;
}

function attemptsOf(options: BatchesOptions, what: string): Attempts {
  const { clock, sleep, random, patienceMillis = PATIENCE_MILLIS } = options;
  let deadline = clock() + patienceMillis;
  let failures = 0;
  let cause: unknown;
  return {
    async transient(call) {
      try {
        return await call();
      } catch (error) {
        if (!isTransient(error)) throw error;
        cause = error;
        return undefined;
      }
    },
    async backOff() {
      const millis = backoffMillis(failures++, random, BACKOFF);
      if (clock() + millis > deadline)
        throw new TracingError("unavailable", `${what} of the table got nowhere for ${patienceMillis} ms`, { cause });
      await sleep(millis);
    },
    async pause(millis) {
      if (millis <= 0) return;
      deadline += millis;
      await sleep(millis);
    },
    gotSomewhere() {
      deadline = clock() + patienceMillis;
      failures = 0;
    },
  };
}

/** After a fault nothing new is begun, and what is under way is waited for: nothing happens behind the caller's back. */
async function atOnce<T>(chunks: readonly T[], work: (chunk: T) => Promise<void>): Promise<void> {
  let next = 0;
  const hands = Array.from({ length: Math.min(MAX_CALLS, chunks.length) }, async () => {
    while (next < chunks.length) {
      const chunk = chunks[next++] as T;
      try {
        await work(chunk);
      } catch (error) {
        next = chunks.length;
        throw error;
      }
    }
  });
  const failed = (await Promise.allSettled(hands)).find((hand) => hand.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < all.length; at += size) chunks.push(all.slice(at, at + size));
  return chunks;
}

const byText = (keys: readonly Key[]): Map<string, Key> => new Map(keys.map((key) => [keyText(key), key]));

function* inOrder(keys: ReadonlyMap<string, Key>, found: ReadonlyMap<string, Item>): Iterable<Item> {
  for (const text of keys.keys()) {
    const item = found.get(text);
    if (item !== undefined) yield item;
  }
}
