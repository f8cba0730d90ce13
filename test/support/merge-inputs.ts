import { gatherSpans } from "../../lib/store/plan-spans.ts";
import { type BuiltSegment, buildSegments } from "../../lib/store/segment/build-segments.ts";
import { SEGMENT_LIMITS, type SegmentLimits } from "../../lib/store/segment/limits.ts";
import { encodeRequest, type TrafficSpan, traces } from "../data/traffic.ts";

export const MERGE_HOUR = 489_000;
/** When the hour begins, milliseconds since the epoch. */
export const MERGE_HOUR_MILLIS = MERGE_HOUR * 3_600_000;

export interface SegmentShape {
  readonly seed: number;
  readonly traces: number;
  readonly spansPerTrace?: number;
  readonly limits?: SegmentLimits;
}

/** Parts of a segment as items of their own, many of them. */
export const MANY_PARTS: SegmentLimits = { ...SEGMENT_LIMITS, headBytes: 0, bundleBytes: 0, termPartBytes: 600 };

/** The n-th plan's segment of an hour, of the shop's traffic. */
export function trafficSegment(
  n: number,
  { seed, traces: count, spansPerTrace = 6, limits }: SegmentShape,
): BuiltSegment {
  const startMillis = MERGE_HOUR_MILLIS + 1_000 * n;
  return segmentOf(
    n,
    [...traces({ seed, traces: count, spansPerTrace, startMillis, spreadMillis: 1000 })].flat(),
    limits,
  );
}

export function segmentOf(n: number, spans: readonly TrafficSpan[], limits?: SegmentLimits): BuiltSegment {
  const at = MERGE_HOUR_MILLIS + 1_000 * n;
  const batch = { tenant: "t", receivedNanos: BigInt(at) * 1_000_000n, traces: encodeRequest(spans) };
  const plan = { stream: "s@1", shardId: `shard-${n}`, first: "1", last: "2", at, closed: -1 };
  const segment = gatherSpans([batch])
    .flatMap((gathered) => buildSegments(gathered, plan, limits))
    .find(({ hour }) => hour === MERGE_HOUR);
  if (segment === undefined) throw new Error("no segment in the hour");
  return segment;
}
