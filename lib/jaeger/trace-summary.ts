import type { TraceId } from "../model/ids.ts";
import { type Span, STATUSES, serviceName, type Trace } from "../model/span.ts";

/** One row of the UI's search results, as it travels (jaeger-wire 1.9). All of it is always there: the UI shows "-" for what is left out. */
export interface TraceSummary {
  readonly traceId: TraceId;
  readonly rootServiceName: string;
  readonly rootOperationName: string;
  /** Unix epoch nanoseconds in decimal digits. */
  readonly minStartTimeUnixNano: string;
  readonly maxEndTimeUnixNano: string;
  readonly spanCount: number;
  readonly errorSpanCount: number;
  /** Spans whose parent is not in the trace. */
  readonly orphanSpanCount: number;
  /** Sorted by name. */
  readonly services: readonly ServiceSummary[];
}

interface ServiceSummary {
  readonly name: string;
  readonly spanCount: number;
  readonly errorSpanCount: number;
}

const ERROR = STATUSES.indexOf("error");

/** @param trace one that is ready to be shown, with at least one span */
export function traceSummary({ traceId, spans }: Trace): TraceSummary {
  const ids = new Set<string>(spans.map(({ spanId }) => spanId));
  const services = new Map<string, { name: string; spanCount: number; errorSpanCount: number }>();
  let [root] = spans;
  let minStart = root?.startNanos ?? 0n;
  let maxEnd = 0n;
  let errorSpanCount = 0;
  let orphanSpanCount = 0;
  for (const span of spans) {
    const name = serviceName(span.resource);
    const service = services.get(name) ?? { name, spanCount: 0, errorSpanCount: 0 };
    services.set(name, service);
    service.spanCount++;
    if (span.statusCode === ERROR) {
      service.errorSpanCount++;
      errorSpanCount++;
    }
    if (isOrphan(span, ids)) orphanSpanCount++;
    if (span.startNanos < minStart) minStart = span.startNanos;
    if (span.endNanos > maxEnd) maxEnd = span.endNanos;
    if (root !== undefined && isRatherRoot(span, root, ids)) root = span;
  }
  return {
    traceId,
    rootServiceName: root === undefined ? "" : serviceName(root.resource),
    rootOperationName: root?.name ?? "",
    minStartTimeUnixNano: minStart.toString(),
    maxEndTimeUnixNano: maxEnd.toString(),
    spanCount: spans.length,
    errorSpanCount,
    orphanSpanCount,
    services: [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

const isOrphan = ({ parentSpanId }: Span, ids: ReadonlySet<string>): boolean =>
  parentSpanId !== undefined && !ids.has(parentSpanId);

/**
 * Of spans without a parent the one that started first is the root. Where there is none (its span is late, or lost) an
 * orphan gives the trace a name all the same, and else any span.
 */
function isRatherRoot(span: Span, than: Span, ids: ReadonlySet<string>): boolean {
  const difference = distanceFromRoot(span, ids) - distanceFromRoot(than, ids);
  if (difference !== 0) return difference < 0;
  return span.startNanos === than.startNanos ? span.spanId < than.spanId : span.startNanos < than.startNanos;
}

function distanceFromRoot(span: Span, ids: ReadonlySet<string>): number {
  if (span.parentSpanId === undefined) return 0;
  return isOrphan(span, ids) ? 1 : 2;
}
