import { LRUCache } from "lru-cache";
import type { Batches } from "../batches.ts";
import type { Item, Key } from "../items.ts";
import {
  bundleKey,
  headKey,
  keyText,
  lateHeadKey,
  mergedInputsKey,
  mergedTermsKey,
  mergedTracesKey,
  pageKey,
  rowsKey,
  termsKey,
} from "../keys.ts";
import type { MergedHead } from "../merge/types.ts";
import { pageContinues } from "../segment/read-page.ts";
import type { Bundle, Head, SegmentId } from "../segment/types.ts";
import type { Budget } from "./cost.ts";
import { bundleOf, inlineOf, OPENED_GROWTH } from "./opened.ts";

/** Where parts lie. */
export interface PartHome {
  readonly head: {
    readonly segment: SegmentId;
    readonly body: Head["body"] | "merged";
    /** Of its spans' starts, where it is known. */
    readonly maxStart?: bigint;
  };
  /** Of its spans' starts. */
  readonly hour: number;
  /** When its plan was made, milliseconds since the epoch; of several the last. */
  readonly at: number;
  /** Whether it came when its hour was closed. */
  readonly isLate: boolean;
}

/** A segment as its head made it known, or the table of a merged segment's inputs. */
export interface SegmentRef extends PartHome {
  readonly head: Head;
}

/** A merged segment as the summary of its hour made it known. */
export interface MergedRef extends PartHome {
  readonly merged: MergedHead;
}

/** Something that tells which pages hold spans of a trace, and which segments spans that match. */
export type IndexRef = SegmentRef | MergedRef;

/** "inputs" and "traces" are of merged segments, "rows" and "page" of the others. */
export interface PartName {
  readonly kind: "terms" | "rows" | "page" | "inputs" | "traces";
  readonly n: number;
}

export interface PartOf {
  readonly segment: PartHome;
  readonly part: PartName;
}

/** Bytes of a part that was asked for; undefined when the table does not have it. */
export type PartSource = (segment: PartHome, part: PartName) => Uint8Array | undefined;

export interface PartLoader {
  /** Everything at once, in one round trip; a second one for what the table did not show at first, or pages of several items. */
  load(tenant: string, wanted: Iterable<PartOf>, budget: Budget): Promise<PartSource>;
}

/** What a cached item costs beside its bytes. */
const ENTRY_BYTES = 300;

/** More keys than go to the table at the same time anyhow; after each so many the budget is looked at. */
const KEYS_AT_ONCE = 4000;

/** @param cacheBytes parts never change, so those last used are kept, with what was made of them */
export function partLoader(batches: Batches, cacheBytes: number): PartLoader {
  const cache = new LRUCache<string, Uint8Array>({ maxSize: Math.max(1, cacheBytes) });

  /** Adds to `found`, by the names of items, what of the parts there is. */
  async function fetch(tenant: string, parts: readonly PartOf[], found: Map<string, Uint8Array>, spent: Budget) {
    const missing = new Map<string, PartOf>();
    for (const each of parts) {
      if (typeof each.segment.head.body === "object") continue;
      const name = itemName(each);
      // The tenant stands first, so that no two tenants' items can ever be the same entry.
      const known = found.get(name) ?? cache.get(`${tenant}\n${name}`);
      if (known === undefined) missing.set(name, each);
      else found.set(name, known);
    }
    if (missing.size === 0) return;
    spent.claim(missing.size);
    const names = new Map([...missing].map(([name, each]) => [keyText(itemKey(tenant, each)), name]));
    const take = (item: Item): void => {
      const name = names.get(keyText(item)) ?? "";
      const kind = itemKind(missing.get(name));
      spent.took(item.body.length);
      found.set(name, item.body);
      const size = item.body.length * OPENED_GROWTH[kind] + ENTRY_BYTES;
      cache.set(`${tenant}\n${name}`, item.body, { size });
    };
    const keys = [...missing.values()].map((each) => itemKey(tenant, each));
    let trips = 1;
    for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
      if (at > 0) spent.claim(0);
      const answer = await batches.getNamed(keys.slice(at, at + KEYS_AT_ONCE));
      if (answer.missing.length > 0) trips = 2;
      answer.items.forEach(take);
    }
    spent.roundTrips(trips);
  }

  return {
    async load(tenant, wanted, spent) {
      const found = new Map<string, Uint8Array>();
      const source: PartSource = (segment, part) => {
        if (typeof segment.head.body === "object") return partIn(segment.head.body, part);
        const bytes = found.get(itemName({ segment, part }));
        if (bytes === undefined) return undefined;
        if (segment.head.body === "inline") return partIn(inlineOf(bytes), part);
        return segment.head.body === "bundled" ? partIn(bundleOf(bytes), part) : bytes;
      };
      const all = [...wanted];
      await fetch(tenant, all, found, spent);
      await fetch(
        tenant,
        all.flatMap((each) => continuations(each, source)),
        found,
        spent,
      );
      return source;
    },
  };
}

/** Whether all parts are one item. */
const isWhole = ({ segment: { head } }: PartOf): boolean => head.body === "bundled" || head.body === "inline";

/** One text for each item: segments' ids are unique. */
const itemName = (each: PartOf): string =>
  isWhole(each) ? each.segment.head.segment : `${each.segment.head.segment}/${each.part.kind}/${each.part.n}`;

function itemKind(each: PartOf | undefined): keyof typeof OPENED_GROWTH {
  if (each === undefined || isWhole(each)) return "bundle";
  return each.segment.head.body === "merged" && each.part.kind === "terms" ? "mergedTerms" : each.part.kind;
}

function itemKey(tenant: string, { segment: { head, hour, at, isLate }, part: { kind, n } }: PartOf): Key {
  const { segment, body } = head;
  if (body === "merged") return mergedKey(tenant, segment, { kind, n });
  if (body === "inline") return isLate ? lateHeadKey(tenant, hour, at, segment) : headKey(tenant, hour, at, segment);
  if (body === "bundled") return bundleKey(tenant, segment);
  if (kind === "terms") return termsKey(tenant, segment, n);
  return kind === "rows" ? rowsKey(tenant, segment, n) : pageKey(tenant, segment, n);
}

function mergedKey(tenant: string, merged: SegmentId, { kind, n }: PartName): Key {
  if (kind === "inputs") return mergedInputsKey(tenant, merged, n);
  return kind === "terms" ? mergedTermsKey(tenant, merged, n) : mergedTracesKey(tenant, merged, n);
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
