import { TRACE_ID_BYTES } from "../../model/ids.ts";
import { hashBytes } from "../../otlp/hash.ts";
import type { PlanSpans } from "../plan-spans.ts";
import { newestFirst } from "./newest-first.ts";
import { type OperationOrdinals, operationOrdinals } from "./operation-ordinals.ts";
import { sourceService } from "./source-service.ts";
import { SEEDS } from "./term-hash.ts";

/** The spans of one hour of a plan under the numbers that its segment knows them by: everything is numbered as it is first met, newest span first. */
export interface SegmentSpans {
  readonly plan: PlanSpans;
  readonly hour: number;
  /** Per row of the segment: the row of the plan's table. */
  readonly tableRow: Uint32Array;
  /** Per row: the source's number. */
  readonly source: Uint32Array;
  /** Per source: an index into the table's sources. */
  readonly tableSource: Uint32Array;
  /** Per source: the service's number. */
  readonly service: Uint32Array;
  /** Sanitized names. */
  readonly services: readonly string[];
  /** Per row: the trace's number. */
  readonly trace: Uint32Array;
  /** Per trace: the hash of its id, also the trace's term. */
  readonly traceHash: Uint32Array;
  readonly operations: OperationOrdinals;
}

/** @param rows rows of the plan's table that start in the hour, ascending */
export function segmentSpans(plan: PlanSpans, hour: number, rows: Uint32Array): SegmentSpans {
  const { table } = plan;
  const tableRow = newestFirst(plan, hour, rows);
  const source = renumbered(tableRow, (row) => plan.sources.ordinal[table.source[row] as number] as number);
  const trace = renumbered(tableRow, (row) => plan.traces.ordinal[row] as number);
  const tableSource = source.firstRow.map((row) => table.source[row] as number);
  const services = new Map<string, number>();
  const service = tableSource.map((at) => {
    const name = sourceService(table, at);
    const number = services.get(name) ?? services.size;
    services.set(name, number);
    return number;
  });
  const traceHash = trace.firstRow.map((row) => {
    const id = table.traceId[row] as number;
    return hashBytes(SEEDS.trace, table.bytes, id, id + TRACE_ID_BYTES);
  });
  return {
    plan,
    hour,
    tableRow,
    source: source.number,
    tableSource,
    service,
    services: [...services.keys()],
    trace: trace.number,
    traceHash,
    operations: operationOrdinals(table, tableRow, source.number, service),
  };
}

/** Numbers in the order in which they are first met; `firstRow` is a table row of each. */
function renumbered(
  tableRow: Uint32Array,
  planNumber: (row: number) => number,
): { number: Uint32Array; firstRow: Uint32Array } {
  const old = tableRow.map(planNumber);
  const known = new Uint32Array(old.reduce((most, value) => Math.max(most, value), 0) + 1); // number + 1
  const number = new Uint32Array(old.length);
  const firstRow = new Uint32Array(old.length);
  let count = 0;
  for (let row = 0; row < old.length; row++) {
    const at = old[row] as number;
    if (known[at] === 0) {
      firstRow[count] = tableRow[row] as number;
      known[at] = ++count;
    }
    number[row] = (known[at] as number) - 1;
  }
  return { number, firstRow: firstRow.slice(0, count) };
}
