import type { AnyValue } from "../model/attributes.ts";
import type { Resource, Span, Trace } from "../model/span.ts";
import { formatGoDuration } from "../model/time.ts";
import { withWarning } from "./adjust-warning.ts";

/** A span in the tree of its trace. */
interface Node {
  readonly index: number;
  readonly host: string;
  readonly children: Node[];
  hasParent: boolean;
}

interface Skew {
  /** The host whose clock is off; "" when unknown. */
  readonly host: string;
  readonly deltaNanos: bigint;
}

/**
 * Hosts' clocks differ, so that a child may seem to start before its parent. Between spans of different hosts the
 * difference is estimated from how the child lies in its parent and, up to `maxNanos`, taken off the child and all below
 * it on that host; beyond that, it is only told (jaeger-wire 2, "Clock-skew algorithm").
 */
export function adjustClockSkew(trace: Trace, maxNanos: bigint): Trace {
  const spans = [...trace.spans];
  const change = (index: number, to: (span: Span) => Span) => {
    const span = spans[index];
    if (span !== undefined) spans[index] = to(span);
  };
  // A stack of our own: a trace may be a chain of 50,000 spans.
  const waiting: { node: Node; parent: Node | undefined; skew: Skew }[] = [];
  for (const node of roots(trace.spans, (index, warning) => change(index, (span) => withWarning(span, warning))))
    waiting.push({ node, parent: undefined, skew: { host: node.host, deltaNanos: 0n } });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, parent } = next;
    const isOtherHost = parent !== undefined && (node.host === "" || node.host !== next.skew.host);
    const skew = isOtherHost
      ? { host: node.host, deltaNanos: deltaBetween(spans[node.index], spans[parent.index]) }
      : next.skew;
    if (skew.deltaNanos !== 0n) change(node.index, (span) => shifted(span, skew.deltaNanos, maxNanos));
    for (const child of node.children) waiting.push({ node: child, parent: node, skew });
  }
  return { ...trace, spans };
}

/** Builds the trees; tells `warn` of spans that have no place in one. */
function roots(spans: readonly Span[], warn: (index: number, warning: string) => void): Node[] {
  const nodes = new Map<string, Node>();
  const hosts = new Map<Resource, string>();
  spans.forEach((span, index) => {
    const host = hosts.get(span.resource) ?? hostOf(span.resource);
    hosts.set(span.resource, host);
    if (nodes.has(span.spanId)) warn(index, "duplicate span IDs; skipping clock skew adjustment");
    else nodes.set(span.spanId, { index, host, children: [], hasParent: false });
  });
  for (const node of nodes.values()) {
    const parentId = spans[node.index]?.parentSpanId;
    if (parentId === undefined) continue;
    const parent = nodes.get(parentId);
    if (parent === undefined)
      warn(node.index, `parent span ID=${parentId} is not in the trace; skipping clock skew adjustment`);
    else {
      parent.children.push(node);
      node.hasParent = true;
    }
  }
  return [...nodes.values()].filter((node) => !node.hasParent);
}

function hostOf(resource: Resource): string {
  const find = (key: string) => resource.attributes.find((attribute) => attribute.key === key)?.value;
  return textOf(find("host.id")) || textOf(firstOf(find("host.ip"))) || textOf(find("host.name"));
}

const firstOf = (value: AnyValue | undefined): AnyValue | undefined =>
  value?.type === "array" ? value.values[0] : value;

const textOf = (value: AnyValue | undefined): string => (value?.type === "string" ? value.value : "");

/** By how much the child's clock seems to be behind; the parent's times are already adjusted. */
function deltaBetween(child: Span | undefined, parent: Span | undefined): bigint {
  if (child === undefined || parent === undefined) return 0n;
  const childNanos = child.endNanos - child.startNanos;
  const parentNanos = parent.endNanos - parent.startNanos;
  if (childNanos > parentNanos) return child.startNanos < parent.startNanos ? parent.startNanos - child.startNanos : 0n;
  if (child.startNanos >= parent.startNanos && child.endNanos <= parent.endNanos) return 0n;
  // The way there and the way back are taken to be equally long.
  return parent.startNanos + (parentNanos - childNanos) / 2n - child.startNanos;
}

function shifted(span: Span, deltaNanos: bigint, maxNanos: bigint): Span {
  const delta = formatGoDuration(deltaNanos);
  if ((deltaNanos < 0n ? -deltaNanos : deltaNanos) > maxNanos) {
    const reason =
      maxNanos === 0n
        ? "clock skew adjustment disabled"
        : `max clock skew adjustment delta of ${formatGoDuration(maxNanos)} exceeded`;
    return withWarning(span, `${reason}; not applying calculated delta of ${delta}`);
  }
  const moved = {
    ...span,
    startNanos: span.startNanos + deltaNanos,
    endNanos: span.endNanos + deltaNanos,
    events: span.events.map((event) => ({ ...event, timeNanos: event.timeNanos + deltaNanos })),
  };
  return withWarning(moved, `This span's timestamps were adjusted by ${delta}`);
}
