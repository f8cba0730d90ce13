import { type AnyValue, asString } from "../model/attributes.ts";
import type { Resource, Span, Trace } from "../model/span.ts";
import { byKey } from "./adjust-sort.ts";
import { withWarning } from "./adjust-warning.ts";

/** What describes the process rather than the span; some bridges write it on every span. */
const KEYS: ReadonlySet<string> = new Set([
  "telemetry.sdk.language",
  "telemetry.sdk.name",
  "telemetry.sdk.version",
  "telemetry.distro.name",
  "telemetry.distro.version",
]);

/** Moves such attributes from spans to their resource. Where both say something different both stay, with a warning. */
export function moveLibraryAttributes(trace: Trace): Trace {
  if (!trace.spans.some((span) => span.attributes.some(({ key }) => KEYS.has(key)))) return trace;
  const known = new Map<Resource, Map<string, AnyValue>>();
  for (const { resource } of trace.spans) {
    if (!known.has(resource)) known.set(resource, new Map(resource.attributes.map(({ key, value }) => [key, value])));
  }
  const moved = trace.spans.map((span) => moveFrom(span, known.get(span.resource) ?? new Map()));
  const resources = new Map<Resource, Resource>();
  for (const [resource, values] of known) resources.set(resource, withValues(resource, values));
  return {
    ...trace,
    spans: moved.map((span) => ({ ...span, resource: resources.get(span.resource) ?? span.resource })),
  };
}

function moveFrom(span: Span, known: Map<string, AnyValue>): Span {
  const conflicts: string[] = [];
  const attributes = span.attributes.filter(({ key, value }) => {
    if (!KEYS.has(key)) return true;
    const there = known.get(key);
    if (there === undefined) known.set(key, value);
    else if (there.type !== value.type || asString(there) !== asString(value)) {
      conflicts.push(key);
      return true;
    }
    return false;
  });
  if (attributes.length === span.attributes.length && conflicts.length === 0) return span;
  let moved: Span = { ...span, attributes };
  for (const key of conflicts) moved = withWarning(moved, `${key} of the span and of its resource differ`);
  return moved;
}

function withValues(resource: Resource, values: ReadonlyMap<string, AnyValue>): Resource {
  const own = new Set(resource.attributes.map(({ key }) => key));
  const added = [...values].filter(([key]) => !own.has(key)).map(([key, value]) => ({ key, value }));
  return added.length === 0 ? resource : { ...resource, attributes: byKey([...resource.attributes, ...added]) };
}
