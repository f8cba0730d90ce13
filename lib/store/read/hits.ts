import type { TraceId } from "../../model/ids.ts";
import type { Budget } from "./cost.ts";
import type { SpanTest } from "./match.ts";
import type { PageView } from "./page-view.ts";
import type { PartHome, PartOf } from "./parts.ts";
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
export async function newHits(
  candidates: readonly Candidate[],
  test: SpanTest,
  seen: Set<TraceId>,
  viewOf: (page: PartOf) => PageView | undefined,
  spent: Budget,
): Promise<Hit[]> {
  const hits: Hit[] = [];
  for (const group of byStart(candidates)) {
    const ids = new Set<TraceId>();
    const start = group[0]?.start ?? 0n;
    for (const page of distinctPages(group)) {
      const turn = spent.rest();
      if (turn !== undefined) await turn;
      const view = viewOf(page);
      if (view === undefined) continue;
      for (const row of view.startingAt(start)) {
        const id = view.traceId(row);
        if (!seen.has(id) && !ids.has(id) && test(view.span(row))) ids.add(id);
      }
    }
    for (const id of [...ids].sort()) {
      seen.add(id);
      hits.push({ id, start });
    }
  }
  return hits;
}

/** Candidates in runs of so many pages that they can be in memory at the same time; those of one start are never parted. */
export function* byPages(candidates: readonly Candidate[], most: number): Generator<CandidateRun> {
  let run: Candidate[] = [];
  const pages = new PageSet();
  for (const group of byStart(candidates)) {
    if (pages.all.length >= most) {
      yield { candidates: run, pages: pages.all };
      run = [];
      pages.clear();
    }
    for (const candidate of group) {
      run.push(candidate);
      pages.add(candidate);
    }
  }
  if (run.length > 0) yield { candidates: run, pages: pages.all };
}

interface CandidateRun {
  readonly candidates: readonly Candidate[];
  /** Each once. */
  readonly pages: readonly PartOf[];
}

/** Pages in the order in which they are first met. */
class PageSet {
  all: PartOf[] = [];
  private known = new Map<PartHome, Set<number>>();

  add({ segment, page }: Candidate): void {
    const known = this.known.get(segment) ?? new Set<number>();
    if (known.has(page)) return;
    this.known.set(segment, known.add(page));
    this.all.push({ segment, part: { kind: "page", n: page } });
  }

  clear(): void {
    this.all = [];
    this.known = new Map();
  }
}

function distinctPages(group: readonly Candidate[]): readonly PartOf[] {
  const pages = new PageSet();
  for (const candidate of group) pages.add(candidate);
  return pages.all;
}

function* byStart(candidates: readonly Candidate[]): Generator<readonly Candidate[]> {
  let from = 0;
  for (let at = 1; at <= candidates.length; at++) {
    if (at < candidates.length && candidates[at]?.start === candidates[from]?.start) continue;
    if (from < at) yield candidates.slice(from, at);
    from = at;
  }
}
