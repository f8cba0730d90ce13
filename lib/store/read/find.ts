import type { TraceId } from "../../model/ids.ts";
import type { Trace } from "../../model/span.ts";
import { hourOf } from "../../model/time.ts";
import type { TraceQuery } from "../../model/trace-query.ts";
import { traceTerm } from "../segment/term-hash.ts";
import { type CandidateBatch, candidateSource } from "./candidates.ts";
import type { Budget } from "./cost.ts";
import { byPages, newHits } from "./hits.ts";
import { indexPlan } from "./index-plan.ts";
import { type SpanTest, spanTest } from "./match.ts";
import { AFTER_ALL, BEFORE_ALL, isBefore, type PageStart, type Position } from "./page-token.ts";
import type { PartSource } from "./parts.ts";
import { PAGES_AT_ONCE } from "./read-pages.ts";
import { loadViews, type Search, type SearchReport } from "./search.ts";
import type { Stores } from "./stores.ts";
import { traceParts } from "./trace-places.ts";
import { wholeTraces } from "./whole-traces.ts";
import { around, hoursBetween, isEmpty, keptHours, overlap } from "./window.ts";

/** Traces whose places are settled together; more would keep the first one waiting, fewer would cost round trips. */
const TRACES_AT_ONCE = 20;
/** Of the gets that are left: to find where whole traces lie, the rest being for their pages. */
const SHARE_FOR_TERMS = 0.5;

/** Candidates in result order, confirmed on their spans, each as a whole trace: from `page` on, or from the first. */
export async function* findTraces(
  stores: Stores,
  tenant: string,
  { query: whole, page }: { readonly query: TraceQuery; readonly page: PageStart | undefined },
  spent: Budget,
  report: SearchReport,
): AsyncGenerator<Trace> {
  const query =
    page === undefined ? whole : { ...whole, startMaxNanos: earlier(whole.startMaxNanos, page.after.start) };
  const kept = keptHours(stores.clock(), stores.retentionHours);
  const window = overlap(hoursBetween(query.startMinNanos, query.startMaxNanos), kept);
  if (isEmpty(window)) return;
  const heads = await stores.heads.load(tenant, overlap(around(window), kept), spent);
  const isAllKnown = ![...heads.open].some((hour) => hour >= window.first && hour <= window.last);
  const segments = [...heads.refs, ...(isAllKnown ? [] : await heads.rest("alone"))];
  if (segments.length === 0) return;
  // Where only whole traces lead is read beside what the search itself needs.
  const rest = isAllKnown && heads.open.size > 0 ? heads.rest("besides") : Promise.resolve([]);
  // Whoever waits for it is told, unless the search ends before.
  rest.catch(() => undefined);
  // Not the clock's: a plan that is being written was made before now, and is not in sight yet.
  const asOf = page?.asOf ?? segments.reduce((latest, { at }) => Math.max(latest, at), 0);
  const search: Search = {
    ...{ stores, tenant, spent, report, kept, segments, asOf },
    earlier: page && { upTo: page.after, test: spanTest(whole) },
    advance: progress(report, { asOf, after: page?.after ?? { start: query.startMaxNanos, id: BEFORE_ALL } }),
  };
  const source = candidateSource(search, indexPlan(query));
  const test = spanTest(query);
  const seen = new Set<TraceId>();
  for (let left = query.limit; left > 0; ) {
    const affordable = Math.floor((spent.getsLeft() * SHARE_FOR_TERMS) / segments.length);
    const batch = await source.next(Math.max(1, Math.min(left, TRACES_AT_ONCE, affordable)));
    for (const ref of (await rest).splice(0)) segments.push(ref);
    const given = yield* tracesOf(search, batch, { test, seen, left });
    left -= given.traces;
    if (!given.isAll || !source.isAtEnd()) continue;
    report.next = undefined;
    return;
  }
}

interface Wanted {
  readonly test: SpanTest;
  /** Traces that were confirmed before. */
  readonly seen: Set<TraceId>;
  /** Traces still to be given out. */
  readonly left: number;
}

/** Returns how many traces were given out, and whether those are all that the batch leads to. */
async function* tracesOf(
  search: Search,
  { candidates, fresh }: CandidateBatch,
  { test, seen, left }: Wanted,
): AsyncGenerator<Trace, { readonly traces: number; readonly isAll: boolean }> {
  const { stores, tenant, spent, report, segments, advance } = search;
  let terms = traceParts(segments, [...fresh]);
  let known: PartSource = () => undefined;
  let traces = 0;
  for (const run of byPages(candidates, PAGES_AT_ONCE)) {
    // A row's hash is the trace's term: where the whole trace lies is read together with what shows whether it matches.
    const { viewOf, source } = await loadViews(search, run.pages, terms);
    if (terms.length > 0) known = source;
    terms = [];
    if (run.pages.some((page) => viewOf(page) === undefined)) report.lacksParts = true;
    const hits = await newHits(run.candidates, test, seen, viewOf, spent);
    for (let at = 0; at < hits.length; ) {
      const some = hits.slice(at, at + left - traces);
      at += some.length;
      const others = some.filter(({ id, start }) => !isAround(fresh.get(traceTerm(id)), start));
      const more = traceParts(
        segments,
        others.map(({ id, start }) => [traceTerm(id), start]),
      );
      const places = either(known, await stores.parts.load(tenant, more, spent));
      for await (const { hit, trace } of wholeTraces(search, some, places)) {
        advance(hit);
        if (trace === undefined) continue;
        traces++;
        yield trace;
      }
      const isAll = at === hits.length && run.candidates.at(-1) === candidates.at(-1);
      if (traces === left) return { traces, isAll };
    }
    advance({ start: run.candidates.at(-1)?.start ?? 0n, id: AFTER_ALL });
  }
  return { traces, isAll: true };
}

/** Tells the report how far a search came, once that is further than where it began. */
function progress(report: SearchReport, { asOf, after }: PageStart): (to: Position) => void {
  let reached = after;
  return (to) => {
    if (!isBefore(reached, to)) return;
    reached = to;
    report.next = { asOf, after: to };
  };
}

/** Whether what was read around one start is what has to be read around the other. */
const isAround = (read: bigint | undefined, start: bigint): boolean =>
  read !== undefined && hourOf(read) === hourOf(start);

const either =
  (a: PartSource, b: PartSource): PartSource =>
  (segment, part) =>
    a(segment, part) ?? b(segment, part);

const earlier = (a: bigint, b: bigint): bigint => (a < b ? a : b);
