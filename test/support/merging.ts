import { openMergedTerms } from "../../lib/store/merge/find-merged-terms.ts";
import { openMergedTraces } from "../../lib/store/merge/find-merged-traces.ts";
import { MERGE_LIMITS, type MergeLimits } from "../../lib/store/merge/limits.ts";
import {
  type MergedSource,
  type MergeSource,
  mergeSegments,
  type SegmentSource,
} from "../../lib/store/merge/merge-segments.ts";
import { readMergedInputs } from "../../lib/store/merge/read-inputs.ts";
import type { MergedHead, MergedInput, MergedPosting, TracePage } from "../../lib/store/merge/types.ts";
import type { BuiltSegment } from "../../lib/store/segment/build-segments.ts";
import { readBundle } from "../../lib/store/segment/read-bundle.ts";
import { readHead } from "../../lib/store/segment/read-head.ts";
import { termPart } from "../../lib/store/segment/term-hash.ts";

/** The items of a merged segment. */
export interface Merged {
  readonly head: MergedHead;
  readonly inputs: readonly Uint8Array[];
  readonly terms: readonly Uint8Array[];
  readonly traces: readonly Uint8Array[];
}

export async function merged(sources: readonly MergeSource[], limits: MergeLimits = MERGE_LIMITS): Promise<Merged> {
  const { head, items } = mergeSegments(sources, limits);
  const parts = { inputs: [], terms: [], traces: [] } as Record<"inputs" | "terms" | "traces", Uint8Array[]>;
  for await (const { kind, n, body } of items) parts[kind][n] = body;
  return { head, ...parts };
}

/** A segment as its plan was made `at`, its terms wherever they lie. */
export function segmentSource(built: BuiltSegment, at: number): SegmentSource {
  const head = readHead(built.head);
  const input: MergedInput = { head, hour: built.hour, at, isLate: built.isLate };
  const bundle = built.bundle === undefined ? undefined : readBundle(built.bundle);
  const terms = async (n: number): Promise<Uint8Array> =>
    typeof head.body === "object" ? head.body.terms(n) : (bundle?.terms(n) ?? part(built.terms, n));
  return { input, terms };
}

export const mergedSource = ({ head, inputs, terms, traces }: Merged): MergedSource => ({
  ...{ head, inputs: readMergedInputs(inputs) },
  terms: async (n) => part(terms, n),
  traces: async (n) => part(traces, n),
});

/** A merged segment opened for searching, each part once. */
export interface OpenMerged {
  readonly inputs: readonly MergedInput[];
  find(hash: number): readonly MergedPosting[];
  findTrace(hash: number): readonly TracePage[];
}

export function openMerged({ head, inputs, terms, traces }: Merged): OpenMerged {
  const termFinders = terms.map(openMergedTerms);
  const traceFinders = traces.map(openMergedTraces);
  return {
    inputs: readMergedInputs(inputs),
    find: (hash) => termFinders[termPart(hash, head.termParts)]?.(hash) ?? [],
    findTrace: (hash) => traceFinders[termPart(hash, head.traceParts)]?.(hash) ?? [],
  };
}

function part(parts: readonly Uint8Array[], n: number): Uint8Array {
  const found = parts[n];
  if (found === undefined) throw new Error(`part ${n} of ${parts.length}`);
  return found;
}
