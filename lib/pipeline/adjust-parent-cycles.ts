import { refTypeOf } from "../jaeger/references.ts";
import type { Span, Trace } from "../model/span.ts";
import { withWarning } from "./adjust-warning.ts";

/**
 * The UI draws what it reaches from a span without a parent; of spans whose parents go round in a circle it draws
 * nothing. So the span of each circle that started first (of those, the one with the lowest id) lets go of its parent.
 */
export function breakParentCycles(trace: Trace): Trace {
  const parents = shownParents(trace.spans);
  const freed = new Set<number>();
  /** Number of the walk that came by; 0 = none yet. */
  const walked = new Uint32Array(trace.spans.length);
  for (let start = 0; start < parents.length; start++) {
    let at = start;
    while (at >= 0 && walked[at] === 0) {
      walked[at] = start + 1;
      at = parents[at] ?? -1;
    }
    if (at >= 0 && walked[at] === start + 1) freed.add(firstOfCycle(trace.spans, parents, at));
  }
  if (freed.size === 0) return trace;
  return { ...trace, spans: trace.spans.map((span, i) => (freed.has(i) ? withoutParent(span) : span)) };
}

/** Per span the index of the span that the UI hangs it under, or -1: its parent, else a link within the trace, those that say CHILD_OF first. */
function shownParents(spans: readonly Span[]): Int32Array {
  const indexById = new Map<string, number>();
  spans.forEach((span, i) => {
    // Of spans with one id the UI keeps the first under it.
    if (!indexById.has(span.spanId)) indexById.set(span.spanId, i);
  });
  return Int32Array.from(spans, (span) => {
    const id = span.parentSpanId ?? linkedParent(span);
    return id === undefined ? -1 : (indexById.get(id) ?? -1);
  });
}

function linkedParent(span: Span): string | undefined {
  const own = span.links.filter((link) => link.traceId === span.traceId);
  return (own.find((link) => refTypeOf(link) === "CHILD_OF") ?? own[0])?.spanId;
}

function firstOfCycle(spans: readonly Span[], parents: Int32Array, start: number): number {
  let first = start;
  for (let at = parents[start] ?? -1; at >= 0 && at !== start; at = parents[at] ?? -1) {
    if (isBefore(spans[at], spans[first])) first = at;
  }
  return first;
}

function isBefore(a: Span | undefined, b: Span | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.startNanos === b.startNanos ? a.spanId < b.spanId : a.startNanos < b.startNanos;
}

/** Links within the trace go too: the UI would take the next one for the parent. */
function withoutParent(span: Span): Span {
  const links = span.links.filter((link) => link.traceId !== span.traceId);
  const lost = [span.parentSpanId, ...span.links.filter((link) => !links.includes(link)).map((link) => link.spanId)];
  const names = lost.filter((id) => id !== undefined).join(", ");
  const warning = `parent span IDs form a circle; not showing the references of this span to ${names}`;
  return withWarning({ ...span, parentSpanId: undefined, links }, warning);
}
