import type { Attribute } from "../model/attributes.ts";
import type { Span, Trace } from "../model/span.ts";

/** Attributes by key and events by name, so that equal spans look equal and people find what they know. */
export function sortAttributes(trace: Trace): Trace {
  const resource = sortedOnce<Span["resource"]>();
  const scope = sortedOnce<Span["scope"]>();
  const spans = trace.spans.map((span) => ({
    ...span,
    attributes: byKey(span.attributes),
    events: span.events.map(withSortedAttributes).sort((a, b) => compare(a.name, b.name)),
    links: span.links.map(withSortedAttributes),
    resource: resource(span.resource),
    scope: scope(span.scope),
  }));
  return { ...trace, spans };
}

/** Spans share their resource and scope; they go on sharing what these become. */
function sortedOnce<T extends { readonly attributes: readonly Attribute[] }>(): (from: T) => T {
  const known = new Map<T, T>();
  return (from) => {
    const sorted = known.get(from) ?? withSortedAttributes(from);
    known.set(from, sorted);
    return sorted;
  };
}

const withSortedAttributes = <T extends { readonly attributes: readonly Attribute[] }>(from: T): T => ({
  ...from,
  attributes: byKey(from.attributes),
});

export const byKey = (attributes: readonly Attribute[]): Attribute[] =>
  [...attributes].sort((a, b) => compare(a.key, b.key));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
