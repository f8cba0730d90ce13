import type { TraceId } from "../../model/ids.ts";
import { MAX_TRACE_SPANS } from "../../runtime/limits.ts";
import type { Budget } from "./cost.ts";
import type { PageView } from "./page-view.ts";
import type { PartOf } from "./parts.ts";
import type { ViewSource } from "./search.ts";

/** Pages read at the same time: 64 MiB of spans. */
export const PAGES_AT_ONCE = 256;

export interface PagesOfTrace {
  readonly views: readonly PageView[];
  /** Pages that the table does not have. */
  readonly missing: number;
}

/** A trace's pages, some at a time, until they hold more of its spans than are ever shown. */
export async function readPages(
  id: TraceId,
  pages: readonly PartOf[],
  spent: Budget,
  load: (pages: readonly PartOf[]) => Promise<ViewSource>,
): Promise<PagesOfTrace> {
  const views: PageView[] = [];
  let missing = 0;
  let spans = 0;
  for (let at = 0; at < pages.length && spans <= MAX_TRACE_SPANS; at += PAGES_AT_ONCE) {
    const run = pages.slice(at, at + PAGES_AT_ONCE);
    const viewOf = await load(run);
    for (const page of run) {
      await spent.rest();
      const view = viewOf(page);
      if (view === undefined) missing++;
      else {
        views.push(view);
        spans += view.ofTrace(id).length;
      }
    }
  }
  return { views, missing };
}
