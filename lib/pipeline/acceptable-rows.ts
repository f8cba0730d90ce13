import { hourOf, NANOS_PER_SECOND } from "../model/time.ts";
import type { Rejected } from "../otlp/scan.ts";
import { sharedFields } from "../otlp/sources.ts";
import type { SpanTable } from "../otlp/span-table.ts";
import type { TraceOrdinals } from "../otlp/trace-ordinals.ts";
import { MAX_AHEAD_SECONDS, MAX_HOURS_PER_REQUEST, MAX_REPEATED_RESOURCE, MAX_TRACE_SPANS } from "../runtime/limits.ts";

/** The rows whose time and number we can keep; the others are added to `refusals`. */
export function acceptableRows(
  table: SpanTable,
  traces: TraceOrdinals,
  receivedNanos: bigint,
  retentionHours: number,
  refusals: Rejected[],
): Uint32Array {
  const nowHour = hourOf(receivedNanos);
  const newest = receivedNanos + BigInt(MAX_AHEAD_SECONDS) * NANOS_PER_SECOND;
  const hours = new Set<number>();
  const spansOfTrace = new Uint32Array(traces.count);
  const sources = sourcesWithinLimit(table);
  const rows = new Uint32Array(table.count);
  let count = 0;
  for (let row = 0; row < table.count; row++) {
    const start = table.startNanos(row) || receivedNanos;
    const hour = hourOf(start);
    const trace = traces.ordinal[row] as number;
    let reason: string | undefined;
    if (start > newest) reason = `start_time_unix_nano is more than ${MAX_AHEAD_SECONDS} s ahead of the clock`;
    else if (hour < nowHour - retentionHours)
      reason = `start_time_unix_nano is older than the retention of ${retentionHours} h`;
    else if (!hours.has(hour) && hours.size === MAX_HOURS_PER_REQUEST)
      reason = `the request's spans start in more than ${MAX_HOURS_PER_REQUEST} different hours; send the others apart`;
    else if ((spansOfTrace[trace] as number) === MAX_TRACE_SPANS)
      reason = `the request has more than ${MAX_TRACE_SPANS} spans of one trace`;
    else if ((table.source[row] as number) >= sources)
      reason = "the request has too many scopes for the size of their resources; send it in parts";
    if (reason !== undefined) {
      refusals.push({ offset: table.start[row] as number, reason, value: `${start}` });
      continue;
    }
    hours.add(hour);
    spansOfTrace[trace] = (spansOfTrace[trace] as number) + 1;
    rows[count++] = row;
  }
  return rows.subarray(0, count);
}

/** How many of the table's sources, from the first, stay within {@link MAX_REPEATED_RESOURCE}. */
function sourcesWithinLimit({ sources, bytes }: SpanTable): number {
  const most = MAX_REPEATED_RESOURCE.timesRequest * bytes.length + MAX_REPEATED_RESOURCE.bytes;
  let repeated = 0;
  const excess = sources.findIndex(({ resource }) => {
    for (const { start, end } of sharedFields(bytes, resource)) repeated += end - start;
    return repeated > most;
  });
  return excess < 0 ? sources.length : excess;
}
