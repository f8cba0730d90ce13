import type { TraceId } from "../../model/ids.ts";
import type { Trace } from "../../model/span.ts";
import type { TimeHint } from "../../model/trace-query.ts";
import { MAX_TRACE_SPANS } from "../../runtime/limits.ts";
import { traceTerm } from "../segment/term-hash.ts";
import { assemble } from "./assemble.ts";
import type { Budget } from "./cost.ts";
import { type PageView, pageView } from "./page-view.ts";
import type { PartOf } from "./parts.ts";
import type { Stores } from "./stores.ts";
import { byTime, missingWarning, tracePages, traceTerms } from "./whole-traces.ts";
import { type Hours, hintedHours, keptHours, overlap } from "./window.ts";

/** Pages read at the same time: 64 MiB of spans. */
const PAGES_AT_ONCE = 256;

/** Every stored span of one trace: heads, terms, pages, each in one round trip. */
export async function readTrace(
  stores: Stores,
  tenant: string,
  id: TraceId,
  hint: TimeHint | undefined,
  spent: Budget,
): Promise<Trace | undefined> {
  const kept = keptHours(stores.clock(), stores.retentionHours);
  const hinted = hintedHours(hint?.startNanos, hint?.endNanos);
  const near = hinted === undefined ? undefined : await traceWithin(stores, tenant, id, overlap(hinted, kept), spent);
  return near ?? traceWithin(stores, tenant, id, kept, spent);
}

async function traceWithin(
  { heads, parts }: Stores,
  tenant: string,
  id: TraceId,
  hours: Hours,
  spent: Budget,
): Promise<Trace | undefined> {
  const segments = (await heads.load(tenant, hours, spent)).sort(byTime);
  const terms = await parts.load(tenant, traceTerms(segments, traceTerm(id)), spent);
  const found = tracePages(segments, id, terms);
  let missing = found.missing;
  const views: PageView[] = [];
  let spans = 0;
  for (let at = 0; at < found.pages.length && spans <= MAX_TRACE_SPANS; at += PAGES_AT_ONCE) {
    const chunk: readonly PartOf[] = found.pages.slice(at, at + PAGES_AT_ONCE);
    const source = await parts.load(tenant, chunk, spent);
    for (const page of chunk) {
      const view = pageView(page, source);
      if (view === undefined) missing++;
      else {
        views.push(view);
        spans += view.ofTrace(id).length;
      }
    }
  }
  return assemble(id, views, missing === 0 ? [] : [missingWarning(missing)]);
}
