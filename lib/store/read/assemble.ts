import type { TraceId } from "../../model/ids.ts";
import type { Trace } from "../../model/span.ts";
import { MAX_TRACE_SPANS } from "../../runtime/limits.ts";
import type { PageView } from "./page-view.ts";

/** One span where it is stored. */
interface Stored {
  readonly view: PageView;
  readonly row: number;
  readonly start: bigint;
}

/**
 * The trace's spans from the pages that hold them; undefined when none does (hashes collide). Spans that are the same to
 * the last byte are one: agents resend. Those of the same id with different content are all kept (Zipkin's shared spans).
 *
 * @param warnings what is known to be wrong with the pages
 */
export function assemble(
  id: TraceId,
  pages: readonly PageView[],
  warnings: readonly string[],
  maxSpans = MAX_TRACE_SPANS,
): Trace | undefined {
  const spans = distinctSpans(id, pages);
  if (spans.length === 0) return undefined;
  if (spans.length <= maxSpans) return { traceId: id, spans: spans.map(({ view, row }) => view.span(row)), warnings };
  const first = spans.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0)).slice(0, maxSpans);
  return {
    traceId: id,
    spans: first.map(({ view, row }) => view.span(row)),
    warnings: [...warnings, `trace has more than ${maxSpans} spans, showing first ${maxSpans} spans only`],
  };
}

function distinctSpans(id: TraceId, pages: readonly PageView[]): Stored[] {
  const byId = new Map<string, Stored[]>();
  const spans: Stored[] = [];
  for (const view of pages) {
    for (const row of view.ofTrace(id)) {
      const stored = { view, row, start: view.startNanos(row) };
      const at = view.table.spanId[row] as number;
      const key = Buffer.from(view.table.bytes.buffer, view.table.bytes.byteOffset + at, 8).toString("latin1");
      const known = byId.get(key);
      if (known === undefined) byId.set(key, [stored]);
      else if (known.some((other) => isSame(other, stored))) continue;
      else known.push(stored);
      spans.push(stored);
    }
  }
  return spans;
}

/** A span that states no start has the time at which it was received: received twice, it is shown twice. */
function isSame(a: Stored, b: Stored): boolean {
  if (a.start !== b.start) return false;
  const other = b.view.content(b.row);
  return a.view.content(a.row).every((bytes, i) => other[i] !== undefined && bytes.equals(other[i]));
}
