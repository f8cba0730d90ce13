import type { TraceId } from "../../model/ids.ts";
import type { Trace } from "../../model/span.ts";
import { hourOf } from "../../model/time.ts";
import type { TraceQuery } from "../../model/trace-query.ts";
import { traceTerm } from "../segment/term-hash.ts";
import type { Budget } from "./cost.ts";
import { type Frontier, frontier } from "./frontier.ts";
import { byPages, newHits } from "./hits.ts";
import { type IndexPlan, indexPlan, mayMatch } from "./index-plan.ts";
import { spanTest } from "./match.ts";
import type { PartSource } from "./parts.ts";
import { PAGES_AT_ONCE } from "./read-pages.ts";
import { loadViews, type Search, type SearchReport, viewCache } from "./search.ts";
import { type Candidate, type SegmentScan, segmentScan } from "./segment-scan.ts";
import type { Stores } from "./stores.ts";
import { byTime, segmentsAround, traceTerms, wholeTraces } from "./whole-traces.ts";
import { around, hoursBetween, isEmpty, keptHours, overlap } from "./window.ts";

/** Traces whose places are settled together; more would keep the first one waiting, fewer would cost round trips. */
const TRACES_AT_ONCE = 20;
/** Of the gets that are left: to find where whole traces lie, the rest being for their pages. */
const SHARE_FOR_TERMS = 0.5;

/** Segments that are opened first: all that a rare tag needs, but few where nearly every span matches. */
const FIRST_SELECTIVE_WAVE = 512;
const FIRST_WAVE = 16;
const WAVE_GROWTH = 4;

/** Candidates that terms must promise for each trace that is wanted: most promise more than one of a trace, and conditions are many. */
const PROMISED_PER_TRACE = 8;

/** Candidates in result order, confirmed on their spans, each as a whole trace. */
export async function* findTraces(
  stores: Stores,
  tenant: string,
  query: TraceQuery,
  spent: Budget,
  report: SearchReport,
): AsyncGenerator<Trace> {
  const kept = keptHours(stores.clock(), stores.retentionHours);
  const window = overlap(hoursBetween(query.startMinNanos, query.startMaxNanos), kept);
  if (isEmpty(window)) return;
  const segments = (await stores.heads.load(tenant, overlap(around(window), kept), spent)).sort(byTime);
  const search: Search = { stores, tenant, spent, report, kept, segments, views: viewCache() };
  const next = candidateBatches(search, indexPlan(query));
  if (segments.length === 0) return;
  const test = spanTest(query);
  const seen = new Set<TraceId>();
  for (let left = query.limit; left > 0; ) {
    const affordable = Math.floor((spent.getsLeft() * SHARE_FOR_TERMS) / segments.length);
    const batch = await next(Math.max(1, Math.min(left, TRACES_AT_ONCE, affordable)));
    if (batch.candidates.length === 0) return;
    let terms = [...batch.fresh].flatMap(([hash, start]) => traceTerms(segmentsAround(segments, start), hash));
    let known: PartSource = () => undefined;
    for (const { candidates, pages } of byPages(batch.candidates, PAGES_AT_ONCE)) {
      // A row's hash is the trace's term: where the whole trace lies is read together with what shows whether it matches.
      const { viewOf, source } = await loadViews(search, pages, terms);
      if (terms.length > 0) known = source;
      terms = [];
      if (pages.some((page) => viewOf(page) === undefined)) report.lacksParts = true;
      const hits = (await newHits(candidates, test, seen, viewOf, spent)).slice(0, left);
      const others = hits.filter(({ id, start }) => !isAround(batch.fresh.get(traceTerm(id)), start));
      const more = others.flatMap(({ id, start }) => traceTerms(segmentsAround(segments, start), traceTerm(id)));
      left -= hits.length;
      yield* wholeTraces(search, hits, either(known, await stores.parts.load(tenant, more, spent)));
      if (left === 0) return;
    }
  }
}

interface CandidateBatch {
  /** Newest first, all that there are of each start. */
  readonly candidates: readonly Candidate[];
  /** Hashes that no batch before had, with the start of their newest candidate. */
  readonly fresh: ReadonlyMap<number, bigint>;
}

/** The next candidates: of as many traces as asked for, by their hashes, or all that are left. */
function candidateBatches(search: Search, plan: IndexPlan): (traces: number) => Promise<CandidateBatch> {
  const front = frontier(
    search.segments.filter(({ head }) => mayMatch(plan, head)).map((segment) => segmentScan(segment, plan)),
  );
  const known = new Set<number>();
  let wave = isSelective(plan) ? FIRST_SELECTIVE_WAVE : FIRST_WAVE;
  let promised = PROMISED_PER_TRACE;
  return async (traces) => {
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
      await openScans(search, nextWave(front, wave, promised * traces));
      wave *= WAVE_GROWTH;
      promised *= WAVE_GROWTH;
    }
  };
}

/** Whether some condition is answered by postings alone. */
const isSelective = (plan: IndexPlan): boolean =>
  plan.conditions.some((ways) => ways.every((way) => way.by === "term" || way.by === "sources"));

/** Scans to load at the same time, those that are needed first: no more than `most`, nor than may bring enough candidates. */
function nextWave(front: Frontier, most: number, enough: number): SegmentScan[] {
  const wave: SegmentScan[] = [];
  let expected = 0;
  for (const scan of front.waiting()) {
    if (wave.length >= most || expected >= enough) break;
    wave.push(scan);
    expected += scan.expects() ?? 0;
  }
  return wave;
}

async function openScans({ stores, tenant, spent, report }: Search, scans: readonly SegmentScan[]): Promise<void> {
  const wanted = scans.flatMap((scan) => scan.wants().map((part) => ({ segment: scan.segment, part })));
  const source = await stores.parts.load(tenant, wanted, spent);
  for (const scan of scans) {
    const turn = spent.rest();
    if (turn !== undefined) await turn;
    if (!scan.load(source)) report.lacksParts = true;
  }
}

/** Whether what was read around one start is what has to be read around the other. */
const isAround = (read: bigint | undefined, start: bigint): boolean =>
  read !== undefined && hourOf(read) === hourOf(start);

const either =
  (a: PartSource, b: PartSource): PartSource =>
  (segment, part) =>
    a(segment, part) ?? b(segment, part);
