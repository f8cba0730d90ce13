import type { Trace } from "../model/span.ts";
import { adjustClockSkew } from "./adjust-clock-skew.ts";
import { dropDuplicates } from "./adjust-duplicates.ts";
import { dropEmptyLinks } from "./adjust-empty-links.ts";
import { writeIpAddresses } from "./adjust-ip-addresses.ts";
import { moveLibraryAttributes } from "./adjust-library-attributes.ts";
import { breakParentCycles } from "./adjust-parent-cycles.ts";
import { splitSharedIds } from "./adjust-shared-ids.ts";
import { sortAttributes } from "./adjust-sort.ts";

export interface AdjustSettings {
  /** A span's clock is corrected by at most this much, nanoseconds; 0 only tells the difference, as Jaeger does. */
  readonly maxClockSkewNanos: bigint;
}

export const ADJUST_DEFAULTS: AdjustSettings = { maxClockSkewNanos: 0n };

/**
 * A trace as people want to see it: Jaeger's seven adjusters in Jaeger's order (jaeger-wire 2), and one of ours, without
 * which the UI draws nothing of a trace whose parents go round. The spans that were read are not touched, and none is
 * lost but exact copies.
 */
export function adjustTrace(trace: Trace, settings: AdjustSettings): Trace {
  const unique = dropDuplicates(sortAttributes(splitSharedIds(trace)));
  // Before the clocks: a circle has no root to compare clocks from.
  const timed = adjustClockSkew(breakParentCycles(unique), settings.maxClockSkewNanos);
  return dropEmptyLinks(moveLibraryAttributes(writeIpAddresses(timed)));
}
