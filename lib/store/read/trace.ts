import type { TraceId } from "../../model/ids.ts";
import type { Trace } from "../../model/span.ts";
import type { TimeHint } from "../../model/trace-query.ts";
import { traceTerm } from "../segment/term-hash.ts";
import { assemble } from "./assemble.ts";
import type { Budget } from "./cost.ts";
import { pageView } from "./page-view.ts";
import type { IndexRef } from "./parts.ts";
import { readPages } from "./read-pages.ts";
import type { Stores } from "./stores.ts";
import { partsFor } from "./trace-places.ts";
import { bothPages, missingWarning, type TracePages, tracePages } from "./whole-traces.ts";
import { type Hours, hintedHours, keptHours, overlap } from "./window.ts";

/** Every stored span of one trace: heads, terms, pages, each in one round trip. */
async function readTrace(
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

/** Traces that are read at the same time, each as large as may be. */
const TRACES_AT_ONCE = 3;

/** Those of the traces that there are, in order. */
export async function* readTraces(
  stores: Stores,
  tenant: string,
  ids: readonly TraceId[],
  hint: TimeHint | undefined,
  spent: Budget,
): AsyncGenerator<Trace> {
  for (let at = 0; at < ids.length; at += TRACES_AT_ONCE) {
    const run = ids.slice(at, at + TRACES_AT_ONCE);
    for (const read of await Promise.allSettled(run.map((id) => readTrace(stores, tenant, id, hint, spent)))) {
      if (read.status === "rejected") throw read.reason;
      if (read.value !== undefined) yield read.value;
    }
  }
}

async function traceWithin(
  { heads, parts }: Stores,
  tenant: string,
  id: TraceId,
  hours: Hours,
  spent: Budget,
): Promise<Trace | undefined> {
  const known = await heads.load(tenant, hours, spent);
  const hash = [traceTerm(id)];
  async function pagesOf(refs: readonly IndexRef[]): Promise<TracePages> {
    const wanted = refs.flatMap((segment) => partsFor(segment, hash).map((part) => ({ segment, part })));
    return tracePages(refs, id, await parts.load(tenant, wanted, spent), spent);
  }
  const more = known.open.size === 0 ? [] : known.rest(known.refs.length === 0 ? "alone" : "besides");
  const [first, rest] = await Promise.all([pagesOf(known.refs), more]);
  const found = bothPages(first, await pagesOf(rest));
  const read = await readPages(id, found.pages, spent, async (pages) => {
    const source = await parts.load(tenant, pages, spent);
    return (page) => pageView(page, source);
  });
  const missing = found.missing + read.missing;
  return assemble(id, read.views, missing === 0 ? [] : [missingWarning(missing)]);
}
