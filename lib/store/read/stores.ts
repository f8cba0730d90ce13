import { LRUCache } from "lru-cache";
import type { Clock } from "../../model/time.ts";
import type { HeadLoader } from "./heads.ts";
import type { PageView } from "./page-view.ts";
import type { PartLoader } from "./parts.ts";

/** What every question is answered from. */
export interface Stores {
  readonly heads: HeadLoader;
  readonly parts: PartLoader;
  /** Pages made ready to be looked into, by tenant and name. */
  readonly views: ViewCache;
  readonly clock: Clock;
  readonly retentionHours: number;
}

/** Immutable like their bytes: the candidates of one trace mostly lie in pages that were read already, those of the next search often. */
export type ViewCache = LRUCache<string, PageView>;

/** Of a page's bytes: the span table, and what was made of its sources, come on top. */
const VIEW_GROWTH = 2;

/** @param cacheBytes for pages inflated, whoever asked for them */
export const viewCache = (cacheBytes: number): ViewCache =>
  new LRUCache({
    maxSize: Math.max(1, cacheBytes),
    sizeCalculation: (view) => view.table.bytes.length * VIEW_GROWTH + 1,
  });
