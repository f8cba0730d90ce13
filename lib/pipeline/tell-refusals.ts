import type { Rejected } from "../otlp/scan.ts";
import { MAX_REASONS_TOLD } from "../runtime/limits.ts";

/** The reasons, most frequent first; empty when there is none. */
export function tellRefusals(refusals: readonly Rejected[]): string {
  if (refusals.length === 0) return "";
  const byReason = Map.groupBy(refusals, ({ reason }) => reason);
  const sorted = [...byReason].sort((a, b) => b[1].length - a[1].length);
  const told = sorted.slice(0, MAX_REASONS_TOLD).map(([reason, spans]) => {
    const value = spans[0]?.value === undefined ? "" : ` (the first: ${spans[0].value})`;
    return `${spans.length > 1 ? `${spans.length} × ` : ""}${reason}${value}`;
  });
  const rest = sorted.length - told.length;
  return `${refusals.length} spans rejected: ${told.join("; ")}${rest > 0 ? `; and ${rest} other reasons` : ""}`;
}
