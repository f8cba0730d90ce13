import type { TraceId } from "../../model/ids.ts";
import type { SpanTest } from "./match.ts";
import type { PageView } from "./page-view.ts";
import type { PartOf } from "./parts.ts";
import type { Candidate } from "./segment-scan.ts";

/** A trace that a search gives out. */
export interface Hit {
  readonly id: TraceId;
  /** Of its newest matching span, Unix epoch nanoseconds. */
  readonly start: bigint;
}

/**
 * The traces that the candidates lead to and that are not in `seen` yet, in the order of a result; they are added to it.
 *
 * @param candidates newest first, all that there are of each start
 */
export function newHits(
  candidates: readonly Candidate[],
  test: SpanTest,
  seen: Set<TraceId>,
  viewOf: (page: PartOf) => PageView | undefined,
): Hit[] {
  const hits: Hit[] = [];
  for (const group of byStart(candidates)) {
    const ids = new Set<TraceId>();
    for (const { segment, start, page } of group) {
      const view = viewOf({ segment, part: { kind: "page", n: page } });
      for (const row of view?.startingAt(start) ?? []) {
        const id = view?.traceId(row);
        if (id === undefined || seen.has(id) || ids.has(id)) continue;
        if (view !== undefined && test(view.span(row))) ids.add(id);
      }
    }
    for (const id of [...ids].sort()) {
      seen.add(id);
      hits.push({ id, start: group[0]?.start ?? 0n });
    }
  }
  return hits;
}

function* byStart(candidates: readonly Candidate[]): Generator<readonly Candidate[]> {
  let from = 0;
  for (let at = 1; at <= candidates.length; at++) {
    if (at < candidates.length && candidates[at]?.start === candidates[from]?.start) continue;
    if (from < at) yield candidates.slice(from, at);
    from = at;
  }
}
