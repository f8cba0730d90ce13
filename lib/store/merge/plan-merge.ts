import { createHash } from "node:crypto";
import { invalid } from "../../model/errors.ts";
import type { SegmentId } from "../segment/types.ts";
import { MAX_MERGED_PARTS, type MergeLimits } from "./limits.ts";
import type { MergedHead, MergedInput } from "./types.ts";

const ID_BYTES = 16;

/** What parts will take, measured on ordinary traffic. A segment's terms: about this for each part, less what its spans' frequent terms take, which are not listed any more. */
const BYTES_PER_PART = 7500;
const FREQUENT_BYTES_PER_SPAN = 12;
const LEAST_SHARE = 0.3;
/** A span's terms, if its segment has only one part of them. */
const BYTES_PER_SPAN = 7;
const BYTES_PER_TRACE = 6;
const BYTES_PER_NAMED_INPUT = 20;

/** In the order in which a merged segment numbers them. @throws TracingError if they cannot be merged */
export function inOrder(inputs: readonly MergedInput[], limits: MergeLimits): MergedInput[] {
  if (inputs.length === 0 || inputs.length > limits.inputs)
    throw invalid(`${inputs.length} segments to merge, expected from 1 to ${limits.inputs}`);
  const ordered = inputs.toSorted((a, b) => a.at - b.at || (a.head.segment < b.head.segment ? -1 : 1));
  for (const [n, { head, hour }] of ordered.entries()) {
    if (hour !== ordered[0]?.hour) throw invalid(`segments of hours ${ordered[0]?.hour} and ${hour} to merge`);
    if (n > 0 && head.segment === ordered[n - 1]?.head.segment) throw invalid(`segment ${head.segment} to merge twice`);
  }
  return ordered;
}

/** What follows from the inputs' heads alone, in whatever groups they were merged before. @param inputs in their order */
export function mergedHead(inputs: readonly MergedInput[], inputParts: number, limits: MergeLimits): MergedHead {
  const heads = inputs.map(({ head }) => head);
  const ats = inputs.map(({ at }) => at);
  const sum = (count: (head: MergedInput["head"]) => number) => heads.reduce((all, head) => all + count(head), 0);
  const termBytes = sum(bytesOfTerms);
  const traceBytes = sum(({ traces }) => traces * BYTES_PER_TRACE);
  const [least, most] = limits.tracePartBytes;
  const tracePartBytes = Math.min(most, Math.max(least, inputs.length * BYTES_PER_NAMED_INPUT));
  return {
    id: mergedId(heads.map(({ segment }) => segment)),
    spans: sum(({ spans }) => spans),
    cutSpans: sum(({ cutSpans }) => cutSpans),
    minStart: least64(heads.map(({ minStart }) => minStart)),
    maxStart: most64(heads.map(({ maxStart }) => maxStart)),
    minDuration: least64(heads.map(({ minDuration }) => minDuration)),
    maxDuration: most64(heads.map(({ maxDuration }) => maxDuration)),
    kinds: heads.reduce((all, { kinds }) => all | kinds, 0),
    minAt: Math.min(...ats),
    maxAt: Math.max(...ats),
    inputs: inputs.length,
    inputParts,
    termParts: partsFor(termBytes, limits.termPartBytes),
    traceParts: partsFor(traceBytes, tracePartBytes),
  };
}

function bytesOfTerms({ spans, termParts }: MergedInput["head"]): number {
  if (termParts <= 1) return spans * BYTES_PER_SPAN;
  const bytes = termParts * BYTES_PER_PART;
  return Math.max(bytes * LEAST_SHARE, bytes - spans * FREQUENT_BYTES_PER_SPAN);
}

const mergedId = (segments: readonly SegmentId[]): SegmentId =>
  createHash("sha256")
    .update(Buffer.from(segments.toSorted().join(""), "hex"))
    .digest("hex")
    .slice(0, ID_BYTES * 2);

const partsFor = (bytes: number, partBytes: number): number =>
  Math.min(MAX_MERGED_PARTS, Math.max(1, Math.round(bytes / partBytes)));

const least64 = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b < a ? b : a));
const most64 = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b > a ? b : a));
