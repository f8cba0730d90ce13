import type { PlanSpans } from "../plan-spans.ts";
import type { WritePlan } from "../port.ts";
import { collectTerms } from "./collect-terms.ts";
import { SEGMENT_LIMITS, type SegmentLimits } from "./limits.ts";
import { rowsByHour } from "./rows-by-hour.ts";
import { segmentId } from "./segment-id.ts";
import { segmentSpans } from "./segment-spans.ts";
import type { SegmentId } from "./types.ts";
import { writeBundle } from "./write-bundle.ts";
import { type HeadFacts, writeHead } from "./write-head.ts";
import { writePages } from "./write-pages.ts";
import { writeRows } from "./write-rows.ts";
import { estimatedBytes, writeTerms } from "./write-terms.ts";

/** The bodies of a segment's items. Either all parts are in the head, or in the bundle, or in the three lists. */
export interface BuiltSegment {
  readonly id: SegmentId;
  /** Hours since the epoch. */
  readonly hour: number;
  /** Whether the hour was closed when the plan was made. */
  readonly isLate: boolean;
  readonly head: Uint8Array;
  readonly bundle: Uint8Array | undefined;
  readonly pages: readonly Uint8Array[];
  readonly terms: readonly Uint8Array[];
  readonly rows: readonly Uint8Array[];
}

/** One segment for each hour of the spans, oldest first. The same spans and plan always give the same bytes. */
export function buildSegments(
  spans: PlanSpans,
  plan: WritePlan,
  limits: SegmentLimits = SEGMENT_LIMITS,
): BuiltSegment[] {
  return rowsByHour(spans.hour).map(([hour, rows]) => buildSegment(spans, plan, hour, rows, limits));
}

function buildSegment(
  plan: PlanSpans,
  { stream, shardId, first, last, closed }: WritePlan,
  hour: number,
  rowsOfHour: Uint32Array,
  limits: SegmentLimits,
): BuiltSegment {
  const spans = segmentSpans(plan, hour, rowsOfHour);
  const id = segmentId({ stream, shardId, first, last }, plan.tenant, hour);
  const { items: pages, page } = writePages(spans, limits);
  const rows = writeRows(spans, page, limits);
  const collected = collectTerms(spans, page, pages.length);
  const isSmall = totalBytes(pages) + totalBytes(rows) + estimatedBytes(collected) <= limits.bundleBytes;
  const terms = writeTerms(collected, limits, isSmall);
  const facts: Omit<HeadFacts, "body"> = {
    ...{ segment: id, shardId, last, cutSpans: collected.cutSpans },
    ...{ pages: pages.length, termParts: terms.length, rowParts: rows.length },
  };
  const built = { id, hour, isLate: hour <= closed, bundle: undefined, pages: [], terms: [], rows: [] };
  const asParts = { ...built, head: writeHead(spans, { ...facts, body: "parts" }), pages, terms, rows };
  if (!isSmall) return asParts;
  const bundle = writeBundle(pages, terms, rows);
  const inline = writeHead(spans, { ...facts, body: bundle });
  if (inline.length <= limits.headBytes) return { ...built, head: inline };
  if (bundle.length > limits.bundleBytes) return asParts;
  return { ...built, head: writeHead(spans, { ...facts, body: "bundled" }), bundle };
}

const totalBytes = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);
