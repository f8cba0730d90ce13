import { TRACE_ID_BYTES } from "../../model/ids.ts";
import { hashBytes } from "../../otlp/hash.ts";
import { planServices } from "../counts/plan-services.ts";
import type { PlanSpans } from "../plan-spans.ts";
import { newestFirst } from "./newest-first.ts";
import type { OperationOrdinals } from "./operation-ordinals.ts";
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
  const { ordinals, operations } = planServices(plan);
  const source = renumbered(tableRow, ordinals, plan.sources.distinct.length);
  const trace = renumbered(tableRow, plan.traces.ordinal, plan.traces.count);
  const operation = renumbered(tableRow, operations.number, operations.name.length);
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
    operations: {
      number: operation.number,
      service: Array.from(operation.firstRow, (row) => service[source.numberOf(ordinals[row] as number)] as number),
      name: Array.from(operation.firstRow, (row) => operations.name[operations.number[row] as number] as string),
    },
  };
}

interface Renumbered {
  /** Per row of the segment. */
  readonly number: Uint32Array;
  /** Per number: a row of the plan's table. */
  readonly firstRow: Uint32Array;
  /** By the plan's number. */
  numberOf(planNumber: number): number;
}

/**
 * Numbers in the order in which they are first met.
 *
 * @param planNumber per row of the table, below `count`
 */
function renumbered(tableRow: Uint32Array, planNumber: Uint32Array, count: number): Renumbered {
  const known = new Uint32Array(count); // number + 1
  const number = new Uint32Array(tableRow.length);
  const firstRow = new Uint32Array(Math.min(count, tableRow.length));
  let met = 0;
  for (let row = 0; row < tableRow.length; row++) {
    const at = tableRow[row] as number;
    const own = planNumber[at] as number;
    if (known[own] === 0) {
      firstRow[met] = at;
      known[own] = ++met;
    }
    number[row] = (known[own] as number) - 1;
  }
  return { number, firstRow: firstRow.slice(0, met), numberOf: (own) => (known[own] as number) - 1 };
}
