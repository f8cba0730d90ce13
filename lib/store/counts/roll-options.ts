import type { Batches } from "../batches.ts";
import { SEGMENT_LIMITS } from "../segment/limits.ts";
import { MAX_HOUR_OPERATIONS } from "./hour-operations.ts";
import { LARGE_SPANS } from "./large-hour.ts";

export interface RollOptions {
  readonly batches: Batches;
  readonly tenant: string;
  /** Hours since the epoch. */
  readonly hour: number;
  /** Milliseconds since the epoch: every plan made before is finished, and none made before is to come. */
  readonly mark: number;
  readonly retentionHours: number;
  /** In [0, 1); what is written does not depend on it. */
  readonly random: () => number;
  readonly limits?: Partial<RollLimits>;
}

export interface RollLimits {
  readonly itemBytes: number;
  readonly operations: number;
  readonly edges: number;
  /** Halves that are joined at a time: each takes about 40 bytes. */
  readonly halves: number;
  /** Spans from which an hour is large. */
  readonly largeSpans: number;
  /** Spans of a large hour that are read once more. */
  readonly windowSpans: number;
}

export const ROLL_LIMITS: RollLimits = {
  itemBytes: SEGMENT_LIMITS.itemBytes,
  operations: MAX_HOUR_OPERATIONS,
  edges: 20_000,
  halves: 4_000_000,
  largeSpans: LARGE_SPANS,
  windowSpans: 500_000,
};
