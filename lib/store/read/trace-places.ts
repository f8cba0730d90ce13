import { hourOf } from "../../model/time.ts";
import { termPart } from "../segment/term-hash.ts";
import { mergedTracesOf, rowTracesOf, termsOf } from "./opened.ts";
import type { IndexRef, PartName, PartOf, PartSource } from "./parts.ts";
import { around, type Hours } from "./window.ts";

/** A trace that is looked for: its hash, and near which start. */
export type WantedTrace = readonly [hash: number, start: bigint];

/** What is read of a segment to look a trace up in its terms, and what a span takes in its rows: bytes, measured. */
const TERM_PART_BYTES = 7_400;
const ROW_BYTES = 9;

/** The parts that say which pages hold spans of the traces, of every segment that may hold some. */
export function traceParts(refs: readonly IndexRef[], traces: readonly WantedTrace[]): PartOf[] {
  const wanted = traces.map(([hash, start]) => ({ hash, hours: hoursAround(start) }));
  return refs.flatMap((segment) => {
    const near = wanted.filter(({ hours }) => isWithin(segment.hour, hours));
    return partsFor(segment, new Set(near.map(({ hash }) => hash))).map((part) => ({ segment, part }));
  });
}

export const hoursAround = (start: bigint): Hours => around({ first: hourOf(start), last: hourOf(start) });

export const isWithin = (hour: number, { first, last }: Hours): boolean => hour >= first && hour <= last;

/** The parts that say which pages of one segment hold spans of traces with these hashes. */
export function partsFor(ref: IndexRef, hashes: Iterable<number>): PartName[] {
  const count = "merged" in ref ? ref.merged.traceParts : ref.head.termParts;
  const parts = [...new Set([...hashes].map((hash) => termPart(hash, count)))];
  if ("merged" in ref) return parts.map((n) => ({ kind: "traces", n }));
  const { body, spans, rowParts } = ref.head;
  // Rows name their trace and page too: they are less than the terms once many traces are looked for in few rows.
  if (body === "parts" && spans * ROW_BYTES < parts.length * TERM_PART_BYTES)
    return Array.from({ length: rowParts }, (_, n) => ({ kind: "rows", n }));
  return parts.map((n) => ({ kind: "terms", n }));
}

/** The pages that hold spans of traces with that hash, by whichever parts the source has; undefined when it lacks some. */
export function tracePlaces(ref: IndexRef, hash: number, source: PartSource): readonly PartOf[] | undefined {
  const page = (n: number): PartOf => ({ segment: ref, part: { kind: "page", n } });
  if ("merged" in ref) {
    const traces = source(ref, { kind: "traces", n: termPart(hash, ref.merged.traceParts) });
    return (
      traces &&
      mergedTracesOf(traces)(hash).map(({ segment, body, at, isLate, page: n }) => ({
        segment: { head: { segment, body }, hour: ref.hour, at, isLate },
        part: { kind: "page", n },
      }))
    );
  }
  const terms = source(ref, { kind: "terms", n: termPart(hash, ref.head.termParts) });
  if (terms !== undefined) return [...(termsOf(terms)(hash)?.pages ?? [])].map(page);
  const pages = new Set<number>();
  for (let n = 0; n < ref.head.rowParts; n++) {
    const rows = source(ref, { kind: "rows", n });
    if (rows === undefined) return undefined;
    for (const page of rowTracesOf(rows).get(hash) ?? []) pages.add(page);
  }
  return [...pages].sort((a, b) => a - b).map(page);
}
