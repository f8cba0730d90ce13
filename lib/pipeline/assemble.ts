import type { Trace } from "../model/span.ts";

/** A trace that is shown has at most this many spans: a browser draws 50,000 in five seconds, and no person reads more. */
export const MAX_TRACE_SPANS = 50_000;

/** Cuts a trace that is too large to be shown, and says so in Jaeger's words. */
export function cutTrace(trace: Trace, maxSpans: number): Trace {
  if (trace.spans.length <= maxSpans) return trace;
  const warning = `trace has more than ${maxSpans} spans, showing first ${maxSpans} spans only`;
  return { ...trace, spans: trace.spans.slice(0, maxSpans), warnings: [...trace.warnings, warning] };
}
