import { NANOS_PER_MINUTE } from "../../model/time.ts";
import { hourOffsets } from "../hour-offsets.ts";
import type { PlanSpans } from "../plan-spans.ts";
import { radixOrder } from "../radix-order.ts";
import { halvesOf } from "../time-halves.ts";
import type { PlanServices } from "./plan-services.ts";
import { bucketOf, MAX_BUCKETS } from "./sketch.ts";

/** Operations of one plan and hour that are counted under their own names; the rest of a runaway naming scheme is one. */
export const MAX_PLAN_OPERATIONS = 500;

const MINUTES = 60;
const MINUTE = Number(NANOS_PER_MINUTE);
const KINDS = 6;
/** Nine of bucket, six of minute, three of kind, and as many operations and services as no plan has room for. */
const KEY_BITS = 48;
const ERROR = 2;

/** One operation in one minute; `durations` as (bucket, count) pairs, ascending. */
export interface MinuteRow {
  /** Index into the plan's services. */
  readonly service: number;
  readonly operation: string;
  readonly kind: number;
  readonly minute: number;
  readonly errors: number;
  readonly durations: readonly (readonly [bucket: number, count: number])[];
}

/** Calls, errors and durations of the rows of one hour, by operation, kind and minute, in that order. */
export function minuteRows(
  spans: PlanSpans,
  { services, operations }: PlanServices,
  hour: number,
  rows: Uint32Array,
): { readonly minutes: readonly MinuteRow[]; readonly folded: number } {
  const { table } = spans;
  const named = namedOperations(operations.number, table.kind, rows);
  const rest = operations.name.length * KINDS; // folded: one a (service, kind), behind all named ones
  const offsets = hourOffsets(spans, hour, rows);
  const durations = halvesOf(spans.durationNanos);
  const errors = new Map<number, number>();
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const operation = operations.number[row] as number;
    const kind = table.kind[row] as number;
    const own = operation * KINDS + kind;
    const counted = named.has(own) ? own : rest + (operations.service[operation] as number) * KINDS + kind;
    const minute = Math.floor((offsets[i] as number) / MINUTE);
    const key = counted * MINUTES + minute;
    if (table.status[row] === ERROR) errors.set(key, (errors.get(key) ?? 0) + 1);
    keys[i] =
      key * MAX_BUCKETS + bucketOf((durations[row * 2 + 1] as number) * 2 ** 32 + (durations[row * 2] as number));
  }
  const order = radixOrder(keys, KEY_BITS);
  const keyAt = (at: number): number => keys[order[at] as number] as number;
  const minutes: MinuteRow[] = [];
  for (let from = 0; from < keys.length; ) {
    const key = Math.floor(keyAt(from) / MAX_BUCKETS);
    const buckets: [number, number][] = [];
    let at = from;
    for (; at < keys.length && Math.floor(keyAt(at) / MAX_BUCKETS) === key; at++) {
      const bucket = keyAt(at) % MAX_BUCKETS;
      const last = buckets.at(-1);
      if (last !== undefined && last[0] === bucket) last[1]++;
      else buckets.push([bucket, 1]);
    }
    const counted = Math.floor(key / MINUTES);
    const isFolded = counted >= rest;
    minutes.push({
      service: isFolded
        ? Math.floor((counted - rest) / KINDS)
        : (operations.service[Math.floor(counted / KINDS)] as number),
      operation: isFolded ? "" : (operations.name[Math.floor(counted / KINDS)] as string),
      kind: counted % KINDS,
      minute: key % MINUTES,
      errors: errors.get(key) ?? 0,
      durations: buckets,
    });
    from = at;
  }
  return { minutes: sorted(minutes, services), folded: named.folded };
}

/** The (operation, kind) pairs that keep their names: all, or the most frequent. */
function namedOperations(operation: Uint32Array, kind: Uint8Array, rows: Uint32Array) {
  const calls = new Map<number, number>();
  for (const row of rows) {
    const key = (operation[row] as number) * KINDS + (kind[row] as number);
    calls.set(key, (calls.get(key) ?? 0) + 1);
  }
  if (calls.size <= MAX_PLAN_OPERATIONS) return { has: (key: number) => calls.has(key), folded: 0 };
  const kept = new Set(
    [...calls]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, MAX_PLAN_OPERATIONS)
      .map(([key]) => key),
  );
  return { has: (key: number) => kept.has(key), folded: calls.size - kept.size };
}

/** By name, so that neighbours share beginnings and compress well, and equal sets give equal bytes. */
const sorted = (minutes: MinuteRow[], services: readonly string[]): MinuteRow[] =>
  minutes.sort(
    (a, b) =>
      compare(services[a.service] as string, services[b.service] as string) ||
      compare(a.operation, b.operation) ||
      a.kind - b.kind ||
      a.minute - b.minute,
  );

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
