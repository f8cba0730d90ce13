import type { TraceId } from "../../model/ids.ts";
import type { Trace } from "../../model/span.ts";
import { hourOf } from "../../model/time.ts";
import { traceTerm } from "../segment/term-hash.ts";
import { assemble } from "./assemble.ts";
import type { Budget } from "./cost.ts";
import type { Hit } from "./hits.ts";
import type { IndexRef, PartOf, PartSource } from "./parts.ts";
import { PAGES_AT_ONCE, readPages } from "./read-pages.ts";
import { loadViews, type Search, type ViewSource } from "./search.ts";
import { hoursAround, isWithin, tracePlaces } from "./trace-places.ts";
import { type Hours, MAX_TRACE_HOURS } from "./window.ts";

/** Traces that are read together; their pages are in memory at the same time. */
const TRACES_AT_ONCE = 20;

export interface TracePages {
  readonly pages: readonly PartOf[];
  /** Parts that the table does not have. */
  readonly missing: number;
}

/** In any order, as long as the same trace always reads the same. @param source holds what {@link partsFor} names of each */
export async function tracePages(
  refs: readonly IndexRef[],
  id: TraceId,
  source: PartSource,
  spent: Budget,
): Promise<TracePages> {
  const hash = traceTerm(id);
  const pages: PartOf[] = [];
  let missing = 0;
  for (const ref of refs) {
    const turn = spent.rest();
    if (turn !== undefined) await turn;
    const places = tracePlaces(ref, hash, source);
    if (places === undefined) missing++;
    else for (const page of places) pages.push(page);
  }
  return { pages: pages.sort(byTime), missing };
}

export const bothPages = (a: TracePages, b: TracePages): TracePages => ({
  pages: [...a.pages, ...b.pages].sort(byTime),
  missing: a.missing + b.missing,
});

interface WholeTrace {
  readonly hit: Hit;
  /** Undefined when a page before gave it out, or nothing of it can be read. */
  readonly trace: Trace | undefined;
}

/** The hits as whole traces, in their order. @param source holds the trace terms around every hit */
export async function* wholeTraces(
  search: Search,
  hits: readonly Hit[],
  source: PartSource,
): AsyncGenerator<WholeTrace> {
  const places: Place[] = [];
  for (const hit of hits) {
    const hours = hoursAround(hit.start);
    const near = search.segments.filter(({ hour }) => isWithin(hour, hours));
    places.push({ hit, ...(await tracePages(near, hit.id, source, search.spent)) });
  }
  for (const chunk of together(places)) {
    const pages = chunk.flatMap((place) => place.pages);
    // More than that is one trace alone, whose pages are read some at a time.
    const ahead = pages.length <= PAGES_AT_ONCE ? await loadViews(search, pages) : undefined;
    for (const place of chunk) {
      const load = async (run: readonly PartOf[]) => (ahead ?? (await loadViews(search, run))).viewOf;
      const { hit } = place;
      if (await isGivenOut(search, place, load)) yield { hit, trace: undefined };
      else yield { hit, trace: await wholeTrace(search, place, load) };
    }
  }
}

type Place = TracePages & { readonly hit: Hit };

type LoadViews = (pages: readonly PartOf[]) => Promise<ViewSource>;

/**
 * Whether a page before gave the trace out: it stands where its newest matching span does, and that one may be among
 * those that are above this page. What later plans brought does not count: it was not there then.
 */
async function isGivenOut(search: Search, { hit, pages }: Place, load: LoadViews): Promise<boolean> {
  if (search.earlier === undefined) return false;
  const { upTo, test } = search.earlier;
  const from = hit.id > upTo.id ? upTo.start + 1n : upTo.start;
  const above = pages.filter(({ segment }) => segment.at <= search.asOf && (segment.head.maxStart ?? from) >= from);
  for (let at = 0; at < above.length; at += PAGES_AT_ONCE) {
    const run = above.slice(at, at + PAGES_AT_ONCE);
    const viewOf = await load(run);
    for (const page of run) {
      await search.spent.rest();
      const view = viewOf(page);
      const rows = view?.ofTrace(hit.id) ?? [];
      if (rows.some((row) => view !== undefined && view.startNanos(row) >= from && test(view.span(row)))) return true;
    }
  }
  return false;
}

async function wholeTrace(search: Search, { hit, pages, missing }: Place, load: LoadViews): Promise<Trace | undefined> {
  const read = await readPages(hit.id, pages, search.spent, load);
  const lacking = missing + read.missing;
  const trace = assemble(hit.id, read.views, lacking === 0 ? [] : [missingWarning(lacking)]);
  return trace && withEdgeWarning(trace, hit, search.kept);
}

/** In order, as many as are read together. */
function* together(places: readonly Place[]): Generator<readonly Place[]> {
  let chunk: Place[] = [];
  let pages = 0;
  for (const place of places) {
    if (chunk.length > 0 && (chunk.length === TRACES_AT_ONCE || pages + place.pages.length > PAGES_AT_ONCE)) {
      yield chunk;
      chunk = [];
      pages = 0;
    }
    chunk.push(place);
    pages += place.pages.length;
  }
  if (chunk.length > 0) yield chunk;
}

export const missingWarning = (count: number): string =>
  `${count} stored ${count === 1 ? "part" : "parts"} that may hold spans of this trace could not be read`;

/** A trace with spans in the outermost hours that were looked at may go on beyond them. */
function withEdgeWarning(trace: Trace, hit: Hit, kept: Hours): Trace {
  const { first, last } = hoursAround(hit.start);
  const isAtEdge = trace.spans.some(({ startNanos }) => {
    const hour = hourOf(startNanos);
    return (hour <= first && first > kept.first) || (hour >= last && last < kept.last);
  });
  if (!isAtEdge) return trace;
  const warning = `spans more than ${MAX_TRACE_HOURS} hours away from the one that was found are not shown`;
  return { ...trace, warnings: [...trace.warnings, warning] };
}

function byTime({ segment: a, part }: PartOf, { segment: b, part: other }: PartOf): number {
  if (a.hour !== b.hour || a.at !== b.at) return a.hour - b.hour || a.at - b.at;
  if (a.head.segment !== b.head.segment) return a.head.segment < b.head.segment ? -1 : 1;
  return part.n - other.n;
}
