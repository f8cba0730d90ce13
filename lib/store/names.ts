import { LRUCache } from "lru-cache";
import { type Clock, MILLIS_PER_HOUR } from "../model/time.ts";
import type { Operation } from "../model/trace-query.ts";
import type { Batches } from "./batches.ts";
import { boundedName } from "./bounded-name.ts";
import type { Item } from "./items.ts";
import { keyText, nameTtl, operationKey, operationsPartition, serviceKey, servicesPartition } from "./keys.ts";
import type { Names } from "./port.ts";

/** An operation that puts ids into its names must not cost a write a span: what is new beyond this waits for the next plan. */
const MAX_NEW_NAMES = 500;
/** What this process has put; a name that falls out is put once more. */
const MAX_REMEMBERED = 20_000;
/** A list that nobody scrolls to the end of. */
const MAX_LISTED = 10_000;

/** An operation is found again by the service, the name and the kind of its spans. */
export interface ServiceOperation extends Operation {
  readonly service: string;
}

export interface NameWriter {
  /**
   * Puts the names that this process has not put within the last hour of plans.
   * @param at when the plan was made, milliseconds since the epoch
   * @returns how many were left for the next plan
   */
  write(tenant: string, at: number, operations: readonly ServiceOperation[]): Promise<number>;
}

export function nameWriter(options: { readonly batches: Batches; readonly retentionHours: number }): NameWriter {
  const putAt = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  return {
    async write(tenant, at, operations) {
      const isDue = (item: Item): boolean => at - (putAt.get(keyText(item)) ?? 0) >= MILLIS_PER_HOUR;
      const ttl = nameTtl(at, options.retentionHours);
      const byService = Map.groupBy(operations, (operation) => boundedName(operation.service));
      const services = [...byService.keys()].map((service) => serviceItem(tenant, service, ttl)).filter(isDue);
      const ofServices = [...byService].map(([service, own]) =>
        operationItems(tenant, service, own, ttl).filter(isDue),
      );
      const due = [...services, ...inTurn(ofServices)];
      const put = due.slice(0, MAX_NEW_NAMES);
      await options.batches.putAll(put);
      for (const item of put) putAt.set(keyText(item), at);
      return due.length - put.length;
    },
  };
}

const serviceItem = (tenant: string, service: string, ttl: number): Item => ({
  ...serviceKey(tenant, service),
  body: Buffer.from(service),
  ttl,
});

/** Each once: names that are cut may be alike. */
function operationItems(tenant: string, service: string, all: readonly Operation[], ttl: number): Item[] {
  const items = all.map((operation) => {
    const name = boundedName(operation.name);
    return { ...operationKey(tenant, service, name, operation.kind), body: Buffer.from(name), ttl };
  });
  return [...new Map(items.map((item) => [keyText(item), item])).values()];
}

/** The first of each list, then the second of each, and so on: no service that makes up names keeps another's waiting. */
function* inTurn<T>(lists: readonly (readonly T[])[]): Iterable<T> {
  let left = lists;
  for (let i = 0; left.length > 0; i++) {
    left = left.filter((list) => i < list.length);
    for (const list of left) yield list[i] as T;
  }
}

/** A list, and when it was read. */
interface Listed {
  readonly at: number;
  readonly items: readonly Item[];
}

/** Everybody who opens a page asks for the same lists; a name that is new is on them a second later. */
const TRUST_MILLIS = 1_000;
/** Some lists of many names, or those of thousands of services. */
const CACHE_BYTES = 16 * 1024 * 1024;
const ITEM_BYTES = 500;

export function nameReader(options: { readonly batches: Batches; readonly clock: Clock }): Names {
  const { batches, clock } = options;
  const known = new LRUCache<string, Listed>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ items }) => items.reduce((bytes, { body }) => bytes + body.length + ITEM_BYTES, 0),
  });

  /** What has not expired, though the table may still hold it. */
  async function listed(pk: string): Promise<readonly Item[]> {
    const now = clock();
    const before = known.get(pk);
    if (before !== undefined && Math.abs(now - before.at) < TRUST_MILLIS) return before.items;
    const all: Item[] = [];
    for await (const page of batches.queryAll({ pk, limit: MAX_LISTED, consistent: false })) all.push(...page);
    const items = all.filter((item) => item.ttl > now / 1000);
    // Whoever looks for what he sent first of all finds it at once.
    if (items.length > 0) known.set(pk, { at: now, items });
    return items;
  }

  return {
    async services(tenant) {
      return (await listed(servicesPartition(tenant))).map(nameOf).sort();
    },
    async operations(tenant, service) {
      const items = await listed(operationsPartition(tenant, boundedName(service)));
      return items
        .map((item) => ({ name: nameOf(item), kind: item.sk.at(-1) ?? 0 }))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind - b.kind));
    },
  };
}

/** The key may hold a digest of it. */
const nameOf = (item: Item): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(item.body);
