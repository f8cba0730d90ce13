import type { TraceQuery } from "../../model/trace-query.ts";
import type { Posting, RowColumns, RowSet, RowsPart } from "../segment/types.ts";
import type { Way } from "./index-plan.ts";

/** One condition against one segment: a row satisfies it through any of these. */
export interface RowCondition {
  readonly rows: readonly RowSet[];
  readonly sources: ReadonlySet<number>;
  /** Bit masks of status codes and kinds. */
  readonly statuses: number;
  readonly kinds: number;
}

/** @param find what the segment's terms hold for a hash */
export function rowCondition(ways: readonly Way[], find: (hash: number) => Posting | undefined): RowCondition {
  const rows: RowSet[] = [];
  const sources = new Set<number>();
  let statuses = 0;
  let kinds = 0;
  for (const way of ways) {
    if (way.by === "status") statuses |= way.mask;
    else if (way.by === "kind") kinds |= way.mask;
    else {
      const posting = find(way.hash);
      for (const source of posting?.sources ?? []) sources.add(source);
      if (way.by === "term" && posting !== undefined && posting.rows.count > 0) rows.push(posting.rows);
    }
  }
  return { rows, sources, statuses, kinds };
}

/** Whether only rows of its sets can satisfy the condition. */
const isListed = ({ sources, statuses, kinds }: RowCondition): boolean =>
  sources.size === 0 && statuses === 0 && kinds === 0;

/** The rows that can satisfy all conditions, as the shortest list that says so, ascending; undefined when no list does. */
export function listedRows(conditions: readonly RowCondition[]): Uint32Array | undefined {
  const listed = conditions.filter(isListed);
  const sizeOf = ({ rows }: RowCondition): number => rows.reduce((sum, set) => sum + set.count, 0);
  const shortest = listed.reduce<RowCondition | undefined>(
    (best, condition) => (best === undefined || sizeOf(condition) < sizeOf(best) ? condition : best),
    undefined,
  );
  if (shortest === undefined) return undefined;
  const [only, ...others] = shortest.rows;
  if (only === undefined) return new Uint32Array(0);
  if (others.length === 0) return only.rows();
  return Uint32Array.from(new Set(shortest.rows.flatMap((set) => [...set.rows()]))).sort();
}

/** Per operation of the part: 1 where service and operation are what the query asks, or too long for the part to tell. */
export function wantedOperations({ operations }: RowsPart, { service, operation }: TraceQuery): Uint8Array {
  const wanted = new Uint8Array(operations.length);
  for (const [i, known] of operations.entries()) {
    const isAsked =
      (service === undefined || known.service === service) &&
      (operation === undefined || known.operation === operation);
    if (isAsked || known.isCut) wanted[i] = 1;
  }
  return wanted;
}

/** @param at index into the block's columns; @param row its number within the segment */
export function rowMatches(
  columns: RowColumns,
  at: number,
  row: number,
  conditions: readonly RowCondition[],
  query: TraceQuery,
): boolean {
  const start = columns.startNanos[at] as bigint;
  if (start < query.startMinNanos || start > query.startMaxNanos) return false;
  const duration = columns.durationNanos[at] as bigint;
  if (query.durationMinNanos !== undefined && duration < query.durationMinNanos) return false;
  if (query.durationMaxNanos !== undefined && duration > query.durationMaxNanos) return false;
  for (const condition of conditions) if (!satisfies(condition, columns, at, row)) return false;
  return true;
}

function satisfies(condition: RowCondition, columns: RowColumns, at: number, row: number): boolean {
  if (((condition.statuses >>> (columns.status[at] as number)) & 1) === 1) return true;
  if (((condition.kinds >>> (columns.kind[at] as number)) & 1) === 1) return true;
  if (condition.sources.has(columns.source[at] as number)) return true;
  for (const set of condition.rows) if (set.has(row)) return true;
  return false;
}
