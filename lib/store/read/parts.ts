import { LRUCache } from "lru-cache";
import type { Batches } from "../batches.ts";
import type { Key } from "../items.ts";
import { bundleKey, keyText, pageKey, rowsKey, termsKey } from "../keys.ts";
import { readBundle } from "../segment/read-bundle.ts";
import { pageContinues } from "../segment/read-page.ts";
import type { Bundle, Head } from "../segment/types.ts";
import type { Budget } from "./cost.ts";

/** A segment as its head made it known. */
export interface SegmentRef {
  readonly head: Head;
  /** Of its spans' starts. */
  readonly hour: number;
  /** When its plan was made, milliseconds since the epoch. */
  readonly at: number;
}

export interface PartName {
  readonly kind: "terms" | "rows" | "page";
  readonly n: number;
}

export interface PartOf {
  readonly segment: SegmentRef;
  readonly part: PartName;
}

/** Bytes of a part that was asked for; undefined when the table does not have it. */
export type PartSource = (segment: SegmentRef, part: PartName) => Uint8Array | undefined;

export interface PartLoader {
  /** Everything at once, in one round trip; a second one for what the table did not show at first, or pages of several items. */
  load(tenant: string, wanted: Iterable<PartOf>, budget: Budget): Promise<PartSource>;
}

/** What a cached item costs beside its bytes. */
const ENTRY_BYTES = 300;

/** @param cacheBytes parts never change, so those last used are kept */
export function partLoader(batches: Batches, cacheBytes: number): PartLoader {
  const cache = new LRUCache<string, Uint8Array>({
    maxSize: Math.max(1, cacheBytes),
    sizeCalculation: (body, key) => body.length + key.length + ENTRY_BYTES,
  });

  /** Adds to `found` what of the keys there is. */
  async function fetch(tenant: string, keys: readonly Key[], found: Map<string, Uint8Array>, spent: Budget) {
    const missing = keys.filter((key) => {
      const known = found.get(keyText(key)) ?? cache.get(cacheKey(tenant, key));
      if (known !== undefined) found.set(keyText(key), known);
      return known === undefined;
    });
    const distinct = [...new Map(missing.map((key) => [keyText(key), key])).values()];
    if (distinct.length === 0) return;
    spent.claim(distinct.length);
    const answer = await batches.getNamed(distinct);
    spent.roundTrips(answer.missing.length > 0 ? 2 : 1);
    for (const item of answer.items) {
      spent.took(item.body.length);
      found.set(keyText(item), item.body);
      cache.set(cacheKey(tenant, item), item.body);
    }
  }

  const bundles = new WeakMap<Uint8Array, Bundle>();
  const bundleOf = (bytes: Uint8Array): Bundle => {
    const bundle = bundles.get(bytes) ?? readBundle(bytes);
    bundles.set(bytes, bundle);
    return bundle;
  };

  return {
    async load(tenant, wanted, spent) {
      const all = [...wanted];
      const found = new Map<string, Uint8Array>();
      const source: PartSource = ({ head }, part) => {
        if (typeof head.body === "object") return partIn(head.body, part);
        const bytes = found.get(keyText(partKey(tenant, head, part)));
        return bytes !== undefined && head.body === "bundled" ? partIn(bundleOf(bytes), part) : bytes;
      };
      const keysOf = (parts: readonly PartOf[]): Key[] =>
        parts.flatMap(({ segment: { head }, part }) =>
          typeof head.body === "object" ? [] : [partKey(tenant, head, part)],
        );
      await fetch(tenant, keysOf(all), found, spent);
      await fetch(tenant, keysOf(all.flatMap((each) => continuations(each, source))), found, spent);
      return source;
    },
  };
}

/** The tenant stands first, so that no two tenants' items can ever be the same entry. */
const cacheKey = (tenant: string, key: Key): string => `${tenant}\n${keyText(key)}`;

function partKey(tenant: string, head: Head, { kind, n }: PartName): Key {
  if (head.body === "bundled") return bundleKey(tenant, head.segment);
  if (kind === "terms") return termsKey(tenant, head.segment, n);
  return kind === "rows" ? rowsKey(tenant, head.segment, n) : pageKey(tenant, head.segment, n);
}

function partIn(bundle: Bundle, { kind, n }: PartName): Uint8Array {
  if (kind === "terms") return bundle.terms(n);
  return kind === "rows" ? bundle.rows(n) : bundle.page(n);
}

/** The further items of a page that is larger than an item. */
export function continuations({ segment, part }: PartOf, source: PartSource): PartOf[] {
  const first = part.kind === "page" ? source(segment, part) : undefined;
  if (first === undefined) return [];
  return Array.from({ length: pageContinues(first) }, (_, i) => ({
    segment,
    part: { kind: "page", n: part.n + 1 + i },
  }));
}
