import type { AnyValue } from "../model/attributes.ts";
import type { Span, Trace } from "../model/span.ts";

/** Where Jaeger's own components keep warnings about a span (jaeger/internal/jptrace/warning.go). */
export const WARNINGS_KEY = "@jaeger@warnings";

/** Warnings that came with the span. */
export function sentWarnings(span: Span): string[] {
  const sent = span.attributes.find((attribute) => attribute.key === WARNINGS_KEY)?.value;
  if (sent?.type !== "array") return [];
  return sent.values.flatMap((value) => (value.type === "string" ? [value.value] : []));
}

/**
 * The trace with its warnings where OTLP has a place for them: in the attribute that Jaeger's newer API uses. Those about
 * the whole trace stand with its first span.
 */
export function withWarningAttributes(trace: Trace): Trace {
  const spans = trace.spans.map((span, i) => {
    const added = i === 0 ? [...trace.warnings, ...span.warnings] : span.warnings;
    return added.length === 0 ? span : withWarnings(span, [...sentWarnings(span), ...added]);
  });
  return { ...trace, spans };
}

function withWarnings(span: Span, warnings: readonly string[]): Span {
  const others = span.attributes.filter(({ key }) => key !== WARNINGS_KEY);
  const value: AnyValue = { type: "array", values: warnings.map((warning) => ({ type: "string", value: warning })) };
  return { ...span, attributes: [...others, { key: WARNINGS_KEY, value }] };
}
