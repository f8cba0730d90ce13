import type { Span, Trace } from "../model/span.ts";

/**
 * Brings a trace's spans into the order in which they started (at the same time: by id), so that the same trace always
 * reads the same. One that is too large to be shown keeps its first spans, and says so in Jaeger's words.
 */
export function assembleTrace(trace: Trace, maxSpans: number): Trace {
  const spans = [...trace.spans].sort(byStart);
  if (spans.length <= maxSpans) return { ...trace, spans };
  const warning = `trace has more than ${maxSpans} spans, showing first ${maxSpans} spans only`;
  return { ...trace, spans: spans.slice(0, maxSpans), warnings: [...trace.warnings, warning] };
}

function byStart(a: Span, b: Span): number {
  if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? -1 : 1;
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0;
}
