import { LRUCache } from "lru-cache";
import { type Clock, MILLIS_PER_HOUR } from "../model/time.ts";
import type { Operation } from "../model/trace-query.ts";
import type { Batches } from "./batches.ts";
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
      const services = [...new Set(operations.map((operation) => operation.service))];
      const due = [
        ...services.map((service) => ({ ...serviceKey(tenant, service), body: Buffer.from(service), ttl })),
        ...operations.map(({ service, name, kind }) => ({
          ...operationKey(tenant, service, name, kind),
          body: Buffer.from(name),
          ttl,
        })),
      ].filter(isDue);
      const put = due.slice(0, MAX_NEW_NAMES);
      await options.batches.putAll(put);
      for (const item of put) putAt.set(keyText(item), at);
      return due.length - put.length;
    },
  };
}

export function nameReader(options: { readonly batches: Batches; readonly clock: Clock }): Names {
  const { batches, clock } = options;

  /** What has not expired, though the table may still hold it. */
  async function listed(pk: string): Promise<Item[]> {
    const nowSeconds = clock() / 1000;
    const all: Item[] = [];
    for await (const page of batches.queryAll({ pk, limit: MAX_LISTED, consistent: false })) all.push(...page);
    return all.filter((item) => item.ttl > nowSeconds);
  }

  return {
    async services(tenant) {
      return (await listed(servicesPartition(tenant))).map(nameOf).sort();
    },
    async operations(tenant, service) {
      const items = await listed(operationsPartition(tenant, service));
      return items
        .map((item) => ({ name: nameOf(item), kind: item.sk.at(-1) ?? 0 }))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind - b.kind));
    },
  };
}

/** The key may hold a digest of it. */
const nameOf = (item: Item): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(item.body);
