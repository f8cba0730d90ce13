import type { Budget } from "./cost.ts";
import type { SpanTest } from "./match.ts";
import type { PageStart, Position } from "./page-token.ts";
import { type PageView, pageView } from "./page-view.ts";
import type { IndexRef, PartOf, PartSource } from "./parts.ts";
import type { Stores } from "./stores.ts";
import type { Hours } from "./window.ts";

/** What a search has to say about itself. */
export interface SearchReport {
  /** Part of what may match could not be read. */
  lacksParts: boolean;
  /** Where the next page begins; undefined when nothing is left, or nothing was gained. */
  next: PageStart | undefined;
}

/** What pages before this one gave out. */
interface Earlier {
  /** Traces that are no further in the order than this. */
  readonly upTo: Position;
  /** The test of the whole query, whatever the page. */
  readonly test: SpanTest;
}

/** One search under way. */
export interface Search {
  readonly stores: Stores;
  readonly tenant: string;
  readonly spent: Budget;
  readonly report: SearchReport;
  /** Hours that have not expired. */
  readonly kept: Hours;
  /** All that the search and the traces it finds may touch. */
  readonly segments: readonly IndexRef[];
  /** What plans made later brought is shown, but moves nothing; milliseconds since the epoch. */
  readonly asOf: number;
  /** Undefined on the first page. */
  readonly earlier: Earlier | undefined;
  /** Call it with how far all was looked at. */
  readonly advance: (to: Position) => void;
}

/** Pages that were asked for; undefined where the table lacks one. */
export type ViewSource = (page: PartOf) => PageView | undefined;

/** Reads pages, and other parts with them in the same round trip. */
export async function loadViews(
  { stores, tenant, spent }: Search,
  pages: readonly PartOf[],
  others: readonly PartOf[] = [],
): Promise<{ readonly viewOf: ViewSource; readonly source: PartSource }> {
  const found = new Map<string, PageView | undefined>();
  const { views } = stores;
  // The tenant stands first, so that no two tenants' pages can ever be the same entry.
  const pageText = ({ segment, part }: PartOf): string => `${tenant}\n${segment.head.segment}/${part.n}`;
  for (const page of pages) found.set(pageText(page), views.get(pageText(page)));
  const unread = pages.filter((page) => found.get(pageText(page)) === undefined);
  const source = await stores.parts.load(tenant, [...unread, ...others], spent);
  return {
    source,
    viewOf(page) {
      const text = pageText(page);
      const view = found.get(text) ?? pageView(page, source);
      if (view === undefined) return undefined;
      found.set(text, view);
      views.set(text, view);
      return view;
    },
  };
}
