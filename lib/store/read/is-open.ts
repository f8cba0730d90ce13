import type { TraceQuery } from "../../model/trace-query.ts";
import type { RowBlock } from "../segment/types.ts";

/** Whether the ranges of a block, or of more, leave it open that a row within matches. */
export const isOpen = (
  block: Pick<RowBlock, "minStart" | "maxStart" | "minDuration" | "maxDuration">,
  query: TraceQuery,
): boolean =>
  block.maxStart >= query.startMinNanos &&
  block.minStart <= query.startMaxNanos &&
  block.maxDuration >= (query.durationMinNanos ?? 0n) &&
  (query.durationMaxNanos === undefined || block.minDuration <= query.durationMaxNanos);
