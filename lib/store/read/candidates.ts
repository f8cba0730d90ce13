import { type Frontier, frontier } from "./frontier.ts";
import { type IndexPlan, isSelective, mayMatch, mayMatchMerged } from "./index-plan.ts";
import { mergedScan } from "./merged-scan.ts";
import { BEFORE_ALL } from "./page-token.ts";
import type { IndexRef } from "./parts.ts";
import type { Search } from "./search.ts";
import { type Candidate, type SegmentScan, segmentScan } from "./segment-scan.ts";

/** Segments that are opened first: all that a rare tag needs, but few where nearly every span matches. */
const FIRST_SELECTIVE_WAVE = 512;
const FIRST_WAVE = 16;
const WAVE_GROWTH = 4;

/** Candidates that terms must promise for each trace that is wanted: most promise more than one of a trace, and conditions are many. */
const PROMISED_PER_TRACE = 8;

/** Of the gets that are left: segments to open at once, each of which wants a few parts. */
const SHARE_FOR_SCANS = 0.25;

export interface CandidateBatch {
  /** Newest first, all that there are of each start. */
  readonly candidates: readonly Candidate[];
  /** Hashes that no batch before had, with the start of their newest candidate. */
  readonly fresh: ReadonlyMap<number, bigint>;
}

export interface CandidateSource {
  /** The next candidates: of as many traces as asked for, by their hashes, or all that are left; fewer when the budget draws to its end. */
  next(traces: number): Promise<CandidateBatch>;
  isAtEnd(): boolean;
}

export function candidateSource(search: Search, plan: IndexPlan): CandidateSource {
  const { spent, advance, asOf } = search;
  const front = frontier(search.segments.flatMap((ref) => scanOf(ref, plan, asOf)));
  const known = new Set<number>();
  let wave = isSelective(plan) ? FIRST_SELECTIVE_WAVE : FIRST_WAVE;
  let promised = PROMISED_PER_TRACE;
  async function next(traces: number): Promise<CandidateBatch> {
    const candidates: Candidate[] = [];
    const fresh = new Map<number, bigint>();
    for (;;) {
      for (const candidate of front.take(traces - fresh.size, known)) {
        candidates.push(candidate);
        if (known.has(candidate.trace)) continue;
        known.add(candidate.trace);
        fresh.set(candidate.trace, candidate.start);
      }
      if (fresh.size >= traces || front.waiting().length === 0) return { candidates, fresh };
      // What was found must still be read, or the next page would begin where this one did.
      if (candidates.length > 0 && spent.isLow()) return { candidates, fresh };
      if (candidates.length === 0) advance({ start: front.floor() ?? 0n, id: BEFORE_ALL });
      const affordable = Math.max(1, Math.floor(spent.getsLeft() * SHARE_FOR_SCANS));
      const most = Math.min(wave, affordable);
      await openScans(search, nextWave(front, { most, enough: promised * traces }));
      wave *= WAVE_GROWTH;
      promised *= WAVE_GROWTH;
    }
  }

  return { next, isAtEnd: () => front.floor() === undefined };
}

function scanOf(ref: IndexRef, plan: IndexPlan, asOf: number): SegmentScan[] {
  if ("merged" in ref)
    return ref.merged.minAt <= asOf && mayMatchMerged(plan, ref.merged) ? [mergedScan(ref, plan, asOf)] : [];
  return ref.at <= asOf && mayMatch(plan, ref.head) ? [segmentScan(ref, plan)] : [];
}

interface WaveLimits {
  /** Of what opening them costs together. */
  readonly most: number;
  /** Candidates that are as many as may be needed. */
  readonly enough: number;
}

/** Scans to load at the same time, those that are needed first. */
function nextWave(front: Frontier, { most, enough }: WaveLimits): SegmentScan[] {
  const wave: SegmentScan[] = [];
  let cost = 0;
  let expected = 0;
  for (const scan of front.waiting()) {
    if (cost >= most || expected >= enough) break;
    wave.push(scan);
    cost += scan.weight();
    expected += scan.expects() ?? 0;
  }
  return wave;
}

async function openScans({ stores, tenant, spent, report }: Search, scans: readonly SegmentScan[]): Promise<void> {
  const wanted = scans.flatMap((scan) => scan.wants());
  const source = await stores.parts.load(tenant, wanted, spent);
  for (const scan of scans) {
    const turn = spent.rest();
    if (turn !== undefined) await turn;
    if (!scan.load(source)) report.lacksParts = true;
  }
}
