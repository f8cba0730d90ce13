import { type Entry, pop, push } from "./entry-heap.ts";
import type { Candidate, SegmentScan } from "./segment-scan.ts";

/** Where many segments' candidates come together, newest first. */
export interface Frontier {
  /**
   * All candidates that are certain to come next: no segment can still bring one that starts at the same time or later.
   * Ends early once they are of `traces` hashes beside those in `known`; those of one start are never parted.
   */
  take(traces: number, known: ReadonlySet<number>): Candidate[];
  /**
   * The scans that must be loaded before more is certain, the one that is needed first at the front; none at the end.
   * After them those that will have to be, in the same order: loaded with them they cost no further round trip.
   */
  waiting(): SegmentScan[];
  /** No candidate still to be taken starts later; undefined at the end. */
  floor(): bigint | undefined;
}

export function frontier(scans: readonly SegmentScan[]): Frontier {
  const heap: Entry[] = [];
  /** What is left of a scan's current block, the newest last. */
  const queued = new Map<SegmentScan, Candidate[]>();
  /** Scans that must be loaded; they stand outside the heap, and nothing at or below their bounds is certain. */
  const blocked = new Set<SegmentScan>();
  /** The highest of their bounds. */
  let blockedBound: bigint | undefined;
  /** Taken from the heap, but others of the same start may follow. */
  let held: Candidate[] = [];

  function enter(scan: SegmentScan): void {
    const replaced = scan.replacedBy();
    if (replaced !== undefined) {
      for (const each of replaced) enter(each);
      return;
    }
    const candidate = queued.get(scan)?.pop();
    const start = candidate?.start ?? scan.bound();
    if (start === undefined) queued.delete(scan);
    else if (candidate === undefined && scan.isWaiting()) block(scan, start);
    else push(heap, { start, scan, candidate });
  }

  function block(scan: SegmentScan, bound: bigint): void {
    blocked.add(scan);
    if (blockedBound === undefined || bound > blockedBound) blockedBound = bound;
  }

  /** What was loaded meanwhile has another bound, is at its end, or can go on. */
  function enterAgain(): void {
    const loaded = [...blocked];
    blocked.clear();
    blockedBound = undefined;
    for (const scan of loaded) enter(scan);
  }

  /** Moves on what stands first; false when nothing does, or nothing that is certain. */
  function step(): boolean {
    const top = heap[0];
    if (top === undefined || (blockedBound !== undefined && top.start < blockedBound)) return false;
    pop(heap);
    if (top.candidate !== undefined) held.push(top.candidate);
    else queued.set(top.scan, top.scan.advance().reverse());
    enter(top.scan);
    return true;
  }

  /** The candidates of one start, once no other of that start can come. */
  function release(): Candidate[] {
    const start = held[0]?.start;
    const next = heap[0]?.start;
    if (start === undefined || (next !== undefined && next >= start)) return [];
    if (blockedBound !== undefined && blockedBound >= start) return [];
    const released = held;
    held = [];
    return released;
  }

  for (const scan of scans) enter(scan);

  return {
    take(traces, known) {
      enterAgain();
      const taken: Candidate[] = [];
      const hashes = new Set<number>();
      do {
        for (const candidate of release()) {
          taken.push(candidate);
          if (!known.has(candidate.trace)) hashes.add(candidate.trace);
        }
      } while (hashes.size < traces && step());
      return taken;
    },
    waiting() {
      if (blocked.size === 0) return [];
      const later = heap.map(({ scan }) => scan).filter((scan) => scan.wants().length > 0);
      return [...[...blocked].sort(byBound), ...later.sort(byBound)];
    },
    floor() {
      const starts = [held[0]?.start, heap[0]?.start, blockedBound].filter((start) => start !== undefined);
      return starts.reduce<bigint | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
    },
  };
}

/** Those that reach furthest up first. */
function byBound(a: SegmentScan, b: SegmentScan): number {
  const [boundA = 0n, boundB = 0n] = [a.bound(), b.bound()];
  return boundA > boundB ? -1 : boundA < boundB ? 1 : 0;
}
