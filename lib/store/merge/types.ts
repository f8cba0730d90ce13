import type { Head, SegmentId } from "../segment/types.ts";

/**
 * Segments of one tenant and hour, merged: their postings stand together in fewer and larger parts, and lead into the
 * inputs, whose rows and pages stay where they are. Inputs are numbered from 0, the newest `at` last; a merged segment
 * that is merged again brings its own inputs, so a merged segment's inputs are always segments.
 */

/** A merged segment, as the summary of its hour names it. */
export interface MergedHead {
  /** 16 bytes of SHA-256 over the sorted ids of its inputs, as 32 hex digits. */
  readonly id: SegmentId;
  readonly spans: number;
  readonly cutSpans: number;
  /** Sanitized starts, Unix epoch nanoseconds, inclusive. */
  readonly minStart: bigint;
  readonly maxStart: bigint;
  /** Sanitized durations, nanoseconds, inclusive. */
  readonly minDuration: bigint;
  readonly maxDuration: bigint;
  /** Bit n is set when a span of OTLP kind n is inside. */
  readonly kinds: number;
  /** When its inputs' plans were made, milliseconds since the epoch, inclusive. */
  readonly minAt: number;
  readonly maxAt: number;
  readonly inputs: number;
  /** Items that the table of inputs takes. */
  readonly inputParts: number;
  /** Parts that the terms (all but trace ids) are cut into, by equal ranges of hash: `termPart(hash, termParts)`. */
  readonly termParts: number;
  /** The same of trace ids, which stand apart: a trace is looked up without the table of inputs. */
  readonly traceParts: number;
}

/** A segment, as the table of inputs tells it: what its own head says, less what only its item holds. */
export interface MergedInput {
  /** `body` is never a bundle here: an inline one is read with the head's item. `shardId` and `last` are empty, and any operation of a service that may be inside may be. */
  readonly head: Head;
  /** Of its spans' starts. */
  readonly hour: number;
  readonly at: number;
  /** Whether its head stands among the late ones. */
  readonly isLate: boolean;
}

/** What a term leads to in one input of a merged segment. */
export type MergedPosting =
  /** Few enough to be listed. Both ascending. */
  | { readonly input: number; readonly rows: Uint32Array; readonly sources: Uint32Array }
  /** The input has the term; where, its own terms say. */
  | { readonly input: number; readonly rows: "ask" };

/** Ascending by input; empty when none has the term. */
export type MergedTermFinder = (hash: number) => readonly MergedPosting[];

/** A page of an input that may hold spans of a trace, with all that is needed to read it. */
export interface TracePage {
  readonly segment: SegmentId;
  readonly at: number;
  readonly isLate: boolean;
  readonly body: "inline" | "bundled" | "parts";
  readonly page: number;
}

export type TraceFinder = (hash: number) => readonly TracePage[];

/**
 * What stands in the place of an hour's heads. One item; written last, conditional on the version it was made from.
 * A mark is a time before which no plan will be made any more and none is open: heads made before it are all there.
 */
export interface HourSummary {
  readonly hour: number;
  /** No more than late heads will be written for the hour. */
  readonly isClosed: boolean;
  /** Every normal head of the hour whose `at` (milliseconds since the epoch) is below this is an input of `merged`, and no other is. */
  readonly mark: number;
  readonly merged: readonly MergedHead[];
  /** The same of late heads, which are merged among themselves. */
  readonly markLate: number;
  readonly mergedLate: readonly MergedHead[];
}
