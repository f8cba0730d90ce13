import type { Span, Trace } from "../model/span.ts";

/** Keeps one of each set of spans that are equal in everything, resource and scope included. Equal ids alone do not make a copy. */
export function dropDuplicates(trace: Trace): Trace {
  const times = new Map<string, number>();
  for (const { spanId } of trace.spans) times.set(spanId, (times.get(spanId) ?? 0) + 1);
  if (times.size === trace.spans.length) return trace;
  const seen = new Set<string>();
  const spans = trace.spans.filter((span) => {
    if (times.get(span.spanId) === 1) return true;
    const text = contentOf(span);
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
  return { ...trace, spans };
}

/** All of a span as text. Compared as text and not pair by pair: a trace may well be one id 50,000 times. */
const contentOf = (span: Span): string =>
  JSON.stringify(span, (_key, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    if (value instanceof Uint8Array)
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
    // JSON knows neither these numbers nor the sign of zero.
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
      return `number ${Object.is(value, -0) ? "-0" : value}`;
    return value;
  });
