import type { SegmentId } from "../segment/types.ts";
import { Cursor, type Parts } from "./cursor.ts";
import { firstHash, HASHES } from "./hash-ranges.ts";
import { MERGE_LIMITS, type MergeLimits } from "./limits.ts";
import { openMergedTermsPart, openMergedTracesPart } from "./open-merged-parts.ts";
import { Pieces } from "./pieces.ts";
import { inOrder, mergedHead } from "./plan-merge.ts";
import { openSegmentTerms } from "./segment-terms.ts";
import type { MergedHead, MergedInput } from "./types.ts";
import { writeMergedInputs } from "./write-inputs.ts";
import { writeMergedTerms } from "./write-merged-terms.ts";
import { writeMergedTraces } from "./write-merged-traces.ts";

/** A segment to merge, and where its terms come from, wherever they lie. Each part is asked for once, in ascending order, the next one while one is merged. */
export interface SegmentSource {
  readonly input: MergedInput;
  terms(n: number): Promise<Uint8Array>;
}

/** A merged segment to merge again. */
export interface MergedSource {
  readonly head: MergedHead;
  /** Its table of inputs. */
  readonly inputs: readonly MergedInput[];
  terms(n: number): Promise<Uint8Array>;
  traces(n: number): Promise<Uint8Array>;
}

export type MergeSource = SegmentSource | MergedSource;

/** The body of an item of the merged segment, and which part it is. */
export interface MergedItem {
  readonly kind: "inputs" | "terms" | "traces";
  readonly n: number;
  readonly body: Uint8Array;
}

export interface Merge {
  /** To be named in the hour's summary once all items are written. */
  readonly head: MergedHead;
  /** Made as they are asked for, from one range of hashes of all inputs at a time; once. */
  readonly items: AsyncGenerator<MergedItem, void>;
}

/**
 * Merges segments of one hour, and what was merged of them before, into one. Head and items follow from the segments
 * alone, in whatever order or groups they come.
 * @throws TracingError if a segment comes twice, hours differ, there are none or too many; while items are made, if an
 * input is corrupt
 */
export function mergeSegments(sources: readonly MergeSource[], limits: MergeLimits = MERGE_LIMITS): Merge {
  const inputs = inOrder(
    sources.flatMap((source) => ("input" in source ? [source.input] : source.inputs)),
    limits,
  );
  const table = writeMergedInputs(inputs, limits);
  const head = mergedHead(inputs, table.length, limits);
  return { head, items: mergedItems(sources, { inputs, table, head, limits }) };
}

interface Plan {
  readonly inputs: readonly MergedInput[];
  readonly table: readonly Uint8Array[];
  readonly head: MergedHead;
  readonly limits: MergeLimits;
}

async function* mergedItems(
  sources: readonly MergeSource[],
  { inputs, table, head, limits }: Plan,
): AsyncGenerator<MergedItem, void> {
  for (const [n, body] of table.entries()) yield { kind: "inputs", n, body };
  const terms = new Pieces();
  const traces = new Pieces();
  const numberOf = new Map(inputs.map((input, n) => [input.head.segment, n]));
  const cursors = sources.flatMap((source) => cursorsOf(source, { terms, traces, numberOf, limits }));
  const rowStride = Math.max(...inputs.map((input) => input.head.spans));
  const { termParts, traceParts } = head;
  let term = 0;
  let trace = 0;
  while (term < termParts || trace < traceParts) {
    const termsEnd = term < termParts ? firstHash(term + 1, termParts) : HASHES;
    const tracesEnd = trace < traceParts ? firstHash(trace + 1, traceParts) : HASHES;
    const below = Math.min(termsEnd, tracesEnd);
    await drain(cursors, below);
    if (below === termsEnd && term < termParts) {
      yield { kind: "terms", n: term++, body: writeMergedTerms(terms, { inputs: inputs.length, rowStride }, limits) };
      terms.clear();
    }
    if (below === tracesEnd && trace < traceParts) {
      const body = writeMergedTraces(traces, inputs, { n: trace, parts: traceParts }, limits);
      yield { kind: "traces", n: trace++, body };
      traces.clear();
    }
  }
}

/** Gathers all that inputs hold of hashes below that one. */
async function drain(cursors: readonly Cursor[], below: number): Promise<void> {
  for (;;) {
    for (const cursor of cursors) cursor.drain(below);
    const stuck = cursors.filter((cursor) => cursor.isStuck(below));
    if (stuck.length === 0) return;
    await Promise.all(stuck.map((cursor) => cursor.load()));
  }
}

interface Gathering {
  readonly terms: Pieces;
  readonly traces: Pieces;
  readonly numberOf: ReadonlyMap<SegmentId, number>;
  readonly limits: MergeLimits;
}

function cursorsOf(source: MergeSource, { terms, traces, numberOf, limits }: Gathering): Cursor[] {
  return partsOf().map((parts) => new Cursor(parts));

  function partsOf(): Parts[] {
    if ("input" in source) {
      const { head } = source.input;
      const sink = { input: numberOf.get(head.segment) ?? 0, terms, traces, listedEntries: listedOf(head, limits) };
      const open: Parts["open"] = (part, from, below) => openSegmentTerms(part, from, below, sink);
      return [{ count: head.termParts, load: (n) => source.terms(n), open }];
    }
    const numbers = Uint32Array.from(source.inputs, ({ head }) => numberOf.get(head.segment) ?? 0);
    return [
      {
        count: source.head.termParts,
        load: (n) => source.terms(n),
        open: (part, from, below) => openMergedTermsPart(part, { from, below }, numbers, terms),
      },
      {
        count: source.head.traceParts,
        load: (n) => source.traces(n),
        open: (part, from, below) => openMergedTracesPart(part, { from, below }, numberOf, traces),
      },
    ];
  }
}

/** A small segment's terms are read with its rows and pages, in one item: to list rows of it would only be to write them once more. */
const listedOf = ({ body }: MergedInput["head"], { listedEntries }: MergeLimits): number =>
  body === "parts" ? listedEntries : 0;
