/** What a row of search results must say, by looking at every span of the trace, once for each figure. */
import type { Seen } from "./search.ts";

export function summaryOf(traceId: string, spans: readonly Seen[]) {
  const isError = ({ status }: Seen): boolean => status === 2;
  const ids = spans.map(({ span }) => span.spanId);
  const isOrphan = ({ span }: Seen): boolean => span.parentSpanId !== "" && !ids.includes(span.parentSpanId);
  const parentless = spans.filter(({ span }) => span.parentSpanId === "");
  const orphans = spans.filter(isOrphan);
  const [root] = (parentless.length > 0 ? parentless : orphans).toSorted((a, b) => {
    if (a.start !== b.start) return a.start < b.start ? -1 : 1;
    return a.span.spanId < b.span.spanId ? -1 : 1;
  });
  const starts = spans.map(({ start }) => start).toSorted(ascending);
  const ends = spans.map(({ end }) => end).toSorted(ascending);
  return {
    traceId,
    rootServiceName: root?.service,
    rootOperationName: root?.name,
    minStartTimeUnixNano: String(starts[0]),
    maxEndTimeUnixNano: String(ends.at(-1)),
    spanCount: spans.length,
    errorSpanCount: spans.filter(isError).length,
    orphanSpanCount: orphans.length,
    services: [...new Set(spans.map(({ service }) => service))].sort().map((name) => ({
      name,
      spanCount: spans.filter(({ service }) => service === name).length,
      errorSpanCount: spans.filter((each) => each.service === name && isError(each)).length,
    })),
  };
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
