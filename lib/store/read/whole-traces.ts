import type { TraceId } from "../../model/ids.ts";
import type { Trace } from "../../model/span.ts";
import { hourOf } from "../../model/time.ts";
import { termPart, traceTerm } from "../segment/term-hash.ts";
import { assemble } from "./assemble.ts";
import type { Hit } from "./hits.ts";
import { termsOf } from "./opened.ts";
import type { PartOf, PartSource, SegmentRef } from "./parts.ts";
import { loadViews, type Search } from "./search.ts";
import { around, type Hours, MAX_TRACE_HOURS } from "./window.ts";

/** Traces that are read together; their pages are in memory at the same time. */
const TRACES_AT_ONCE = 20;

/** The terms that say which pages of these segments hold spans of traces with that hash. */
export const traceTerms = (segments: readonly SegmentRef[], hash: number): PartOf[] =>
  segments.map((segment) => ({ segment, part: { kind: "terms", n: termPart(hash, segment.head.termParts) } }));

/** Where other spans of a trace that has one of that start may be. */
export function segmentsAround(segments: readonly SegmentRef[], start: bigint): readonly SegmentRef[] {
  const { first, last } = hoursAround(start);
  return segments.filter(({ hour }) => hour >= first && hour <= last);
}

const hoursAround = (start: bigint): Hours => around({ first: hourOf(start), last: hourOf(start) });

export interface TracePages {
  readonly pages: readonly PartOf[];
  /** Parts that the table does not have. */
  readonly missing: number;
}

/** @param source holds {@link traceTerms} of the segments */
export function tracePages(segments: readonly SegmentRef[], id: TraceId, source: PartSource): TracePages {
  const hash = traceTerm(id);
  const pages: PartOf[] = [];
  let missing = 0;
  for (const { segment, part } of traceTerms(segments, hash)) {
    const bytes = source(segment, part);
    if (bytes === undefined) missing++;
    else for (const n of termsOf(bytes)(hash)?.pages ?? []) pages.push({ segment, part: { kind: "page", n } });
  }
  return { pages, missing };
}

/** The hits as whole traces, in their order. @param source holds the trace terms around every hit */
export async function* wholeTraces(search: Search, hits: readonly Hit[], source: PartSource): AsyncGenerator<Trace> {
  for (let at = 0; at < hits.length; at += TRACES_AT_ONCE) {
    const chunk = hits
      .slice(at, at + TRACES_AT_ONCE)
      .map((hit) => ({ hit, ...tracePages(segmentsAround(search.segments, hit.start), hit.id, source) }));
    const { viewOf } = await loadViews(
      search,
      chunk.flatMap(({ pages }) => pages),
    );
    for (const { hit, pages, missing } of chunk) {
      const views = pages.map(viewOf).filter((view) => view !== undefined);
      const lacking = missing + pages.length - views.length;
      const trace = assemble(hit.id, views, lacking === 0 ? [] : [missingWarning(lacking)]);
      if (trace !== undefined) yield withEdgeWarning(trace, hit, search.kept);
    }
  }
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

/** Any order will do, as long as the same trace always reads the same. */
export const byTime = (a: SegmentRef, b: SegmentRef): number =>
  a.hour - b.hour || a.at - b.at || (a.head.segment < b.head.segment ? -1 : 1);
