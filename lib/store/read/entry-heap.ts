import type { Candidate, SegmentScan } from "./segment-scan.ts";

/** What a scan brings next. */
export interface Entry {
  /** Start of `candidate`, or, without one, the scan's bound. */
  readonly start: bigint;
  readonly scan: SegmentScan;
  readonly candidate: Candidate | undefined;
}

/** Later starts first; of equal ones those that are still uncertain, so that nothing is given out beside them. */
const isBefore = (a: Entry, b: Entry): boolean =>
  a.start > b.start || (a.start === b.start && a.candidate === undefined && b.candidate !== undefined);

export function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    const above = heap[parent] as Entry;
    if (!isBefore(entry, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

export function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  sink(heap, 0, last);
}

function sink(heap: Entry[], from: number, entry: Entry): void {
  let at = from;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
    if (!isBefore(heap[child] as Entry, entry)) break;
    heap[at] = heap[child] as Entry;
    at = child;
  }
  heap[at] = entry;
}
