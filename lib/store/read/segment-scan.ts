import { firstAtLeast } from "../first-at-least.ts";
import { PART_ROWS, rowPart } from "../segment/limits.ts";
import { termPart } from "../segment/term-hash.ts";
import type { Posting, RowBlock, RowsPart } from "../segment/types.ts";
import { type Conditions, conditionsFor, type IndexPlan, type Way } from "./index-plan.ts";
import { isOpen } from "./is-open.ts";
import { rowsOf, termsOf } from "./opened.ts";
import type { PartOf, PartSource, SegmentRef } from "./parts.ts";
import { listedRows, type RowCondition, rowCondition, rowMatches, wantedOperations } from "./row-filter.ts";

/** A row that matches as far as the index can tell. */
export interface Candidate {
  readonly segment: SegmentRef;
  /** Unix epoch nanoseconds. */
  readonly start: bigint;
  readonly page: number;
  /** Hash of the trace's id. */
  readonly trace: number;
}

/** One segment's candidates, newest first, block by block. */
export interface SegmentScan {
  /** For how many it counts among those that are loaded at the same time: the more, the surer it is to bring something. */
  weight(): number;
  /** No candidate still to come starts later, Unix epoch nanoseconds; undefined at the end. */
  bound(): bigint | undefined;
  /** Whether something has to be loaded before {@link advance}. */
  isWaiting(): boolean;
  /** What it needs next, or will: nothing when all is loaded. */
  wants(): readonly PartOf[];
  /** Candidates that what it wants can bring at most, as far as terms tell; undefined when they do not. */
  expects(): number | undefined;
  /** Hands over what was wanted; false when some of it is missing: then the scan is at its end. */
  load(source: PartSource): boolean;
  /** The scans that take its place from now on; undefined as long as it stands for itself. */
  replacedBy(): readonly SegmentScan[] | undefined;
  /** The candidates of the next block, newest first, maybe none. */
  advance(): Candidate[];
}

/** What is known of a term beforehand: what it leads to, that the segment does not have it, or that its own terms tell. */
export type Answer = Posting | "ask" | undefined;

/** Parts of the rows, at most, that one segment's scan reads at the same time. */
const MAX_AHEAD = 16;
/** So few rows are worth one round trip, wherever they stand. */
const FEW_ROWS = 64;

/** A term that merged lists do not list is on many rows: a few segments bring enough, where a rare one's must all be looked at. */
const COMMON_WEIGHT = 32;

/** The segment must have passed {@link mayMatch}. @param answer what is known of its terms beforehand; nothing without it */
export function segmentScan(segment: SegmentRef, plan: IndexPlan, answer: (hash: number) => Answer = ask): SegmentScan {
  const { head } = segment;
  const { query } = plan;
  const isAsked = (way: Way): boolean => "hash" in way && answer(way.hash) === "ask";
  const ways = worthAsking(
    conditionsFor(plan, head, (way) => !isAsked(way)),
    isAsked,
    (hash) => answered(answer(hash)),
  );
  const asked = ways.flat().flatMap((way) => ("hash" in way && isAsked(way) ? [way.hash] : []));
  const termParts = [...new Set(asked.map((hash) => termPart(hash, head.termParts)))];
  let conditions: readonly RowCondition[] | undefined;
  let listed: Uint32Array | undefined;
  /** The part of the rows that comes next, or is being read. */
  let partNumber = 0;
  let part: RowsPart | undefined;
  const loaded = new Map<number, RowsPart>();
  /** Parts that are read at once: more each time, as what was read turns out to hold little. */
  let ahead = 1;
  let operations: Uint8Array = new Uint8Array(0);
  let block = 0;
  let bound: bigint | undefined = earlier(head.maxStart, query.startMaxNanos);
  if (asked.length === 0) settle((hash) => answered(answer(hash)));

  function loadTerms(source: PartSource): boolean {
    const parts = new Map(termParts.map((n) => [n, source(segment, { kind: "terms", n })]));
    if ([...parts.values()].includes(undefined)) return end(false);
    return settle((hash) => {
      const known = answer(hash);
      if (known !== "ask") return known;
      const bytes = parts.get(termPart(hash, head.termParts));
      return bytes === undefined ? undefined : termsOf(bytes)(hash);
    });
  }

  function settle(find: (hash: number) => Posting | undefined): boolean {
    conditions = ways.map((some) => rowCondition(some, find));
    listed = listedRows(conditions);
    if (listed?.length === 0) return end(true);
    if (listed !== undefined && listed.length <= FEW_ROWS) ahead = MAX_AHEAD;
    partNumber = rowPart(listed?.[0] ?? 0);
    return true;
  }

  /** The first part from that one on which may hold a candidate. */
  function partFrom(n: number): number | undefined {
    const row = nextListed(listed, n * PART_ROWS);
    return row === undefined || rowPart(row) >= head.rowParts ? undefined : rowPart(row);
  }

  function wantedParts(): number[] {
    const wanted: number[] = [];
    let n: number | undefined = part === undefined ? partNumber : partFrom(partNumber + 1);
    for (; n !== undefined && wanted.length < ahead; n = partFrom(n + 1)) if (!loaded.has(n)) wanted.push(n);
    return wanted;
  }

  function loadRows(source: PartSource): boolean {
    for (const n of wantedParts()) {
      const bytes = source(segment, { kind: "rows", n });
      if (bytes === undefined) return end(false);
      loaded.set(n, rowsOf(bytes));
    }
    ahead = Math.min(ahead * 2, MAX_AHEAD);
    if (part === undefined) enterPart();
    return true;
  }

  function enterPart(): void {
    part = loaded.get(partNumber);
    loaded.delete(partNumber);
    if (part === undefined) return;
    operations = wantedOperations(part, query);
    block = -1;
    seek();
  }

  /** Moves on to the next block that may hold a match, here or in a later part. */
  function seek(): void {
    const blocks = part?.blocks ?? [];
    for (block++; block < blocks.length; block++) {
      const next = blocks[block] as RowBlock;
      if (next.maxStart < query.startMinNanos) {
        end(true);
        return;
      }
      if (isOpen(next, query) && holdsListed(listed, next.firstRow, next.count)) {
        bound = earlier(next.maxStart, query.startMaxNanos);
        return;
      }
    }
    const last = blocks.at(-1);
    part = undefined;
    const next = partFrom(partNumber + 1);
    if (next === undefined || last === undefined) end(true);
    else {
      partNumber = next;
      bound = earlier(last.minStart, query.startMaxNanos);
      enterPart();
    }
  }

  function end(isWhole: boolean): boolean {
    bound = undefined;
    part = undefined;
    return isWhole;
  }

  return {
    weight: () => (conditions === undefined && answer !== ask ? COMMON_WEIGHT : 1),
    bound: () => bound,
    isWaiting: () => bound !== undefined && part === undefined,
    wants() {
      if (bound === undefined) return [];
      if (conditions === undefined) return termParts.map((n) => ({ segment, part: { kind: "terms", n } }));
      return wantedParts().map((n) => ({ segment, part: { kind: "rows", n } }));
    },
    expects() {
      if (listed === undefined) return undefined;
      const [first = 0, last = first] = [wantedParts()[0], wantedParts().at(-1)];
      return firstAtLeast(listed, (last + 1) * PART_ROWS) - firstAtLeast(listed, first * PART_ROWS);
    },
    replacedBy: () => undefined,
    load: (source) => (conditions === undefined ? loadTerms(source) : loadRows(source)),
    advance() {
      const current = part?.blocks[block];
      if (current === undefined) return [];
      const columns = current.columns();
      const found: Candidate[] = [];
      for (const row of rowNumbers(current, listed)) {
        const at = row - current.firstRow;
        if (operations[columns.operation[at] as number] === 0) continue;
        if (!rowMatches(columns, at, row, conditions ?? [], query)) continue;
        found.push({
          segment,
          start: columns.startNanos[at] as bigint,
          page: columns.page[at] as number,
          trace: columns.trace[at] as number,
        });
      }
      seek();
      return found;
    },
  };
}

const ask = (): Answer => "ask";

const answered = (answer: Answer): Posting | undefined => (answer === "ask" ? undefined : answer);

/** Where what is known leaves no row, or only a few, other terms need not be asked: every candidate is confirmed on its span. */
function worthAsking(
  conditions: Conditions,
  isAsked: (way: Way) => boolean,
  find: (hash: number) => Posting | undefined,
): Conditions {
  const known = conditions.filter((some) => !some.some(isAsked));
  if (known.length === conditions.length) return conditions;
  const rows = listedRows(known.map((some) => rowCondition(some, find)));
  return rows !== undefined && rows.length <= FEW_ROWS ? known : conditions;
}

const earlier = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const nextListed = (listed: Uint32Array | undefined, row: number): number | undefined =>
  listed === undefined ? row : listed[firstAtLeast(listed, row)];

function holdsListed(listed: Uint32Array | undefined, firstRow: number, count: number): boolean {
  const next = nextListed(listed, firstRow);
  return next !== undefined && next < firstRow + count;
}

/** Row numbers within the segment, ascending. */
function* rowNumbers({ firstRow, count }: RowBlock, listed: Uint32Array | undefined): Generator<number> {
  if (listed === undefined) for (let row = firstRow; row < firstRow + count; row++) yield row;
  else yield* listed.subarray(firstAtLeast(listed, firstRow), firstAtLeast(listed, firstRow + count));
}
