import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../../model/ids.ts";
import { hashBytes } from "../../otlp/hash.ts";
import type { PlanSpans } from "../plan-spans.ts";
import type { PlanServices } from "./plan-services.ts";
import { ReferenceReader } from "./references.ts";
import { type SpanIndex, spanIndex } from "./span-index.ts";
import { SIDES } from "./types.ts";

/** What rows' halves say (see Halves), as columns: an object a span costs more than all that is worked out for it. */
export interface RowHalves {
  /** Per row. */
  readonly hash: Float64Array;
  /** Per row, and one more: where its references begin in `references`. */
  readonly starts: Uint32Array;
  readonly references: readonly number[];
  /** By row. */
  readonly peers: ReadonlyMap<number, string>;
  /** Per row: 1 when it is. */
  readonly isReferred: Uint8Array;
}

export interface PlanEdges {
  /** Per hour of the child's start: `parent service × services + child service` → calls. */
  readonly settled: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly halves: RowHalves;
}

/**
 * The dependency edges that a plan can settle, and what it must leave to be joined with other plans (rules of
 * spark-dependencies, jaeger-wire 7; docs/format.md, "Edges"). An edge is settled unless
 * its lower end is a server side (a client side of the same id, in another plan, would take its place) or its upper end
 * is a client side alone (a server side of the same id would).
 */
export function planEdges(spans: PlanSpans, { services, service }: PlanServices): PlanEdges {
  const { table, traces, hour } = spans;
  const index = spanIndex(spans);
  const hashes = spanHashes(spans);
  const settled = new Map<number, Map<number, number>>();
  const isReferred = new Uint8Array(table.count);
  /** By the first row of those that share an id, once it is referred to. */
  const parents = new Int32Array(table.count);
  const hash = new Float64Array(table.count);
  const starts = new Uint32Array(table.count + 1);
  const references: number[] = [];
  const peers = new Map<number, string>();
  const reader = new ReferenceReader(table);
  for (let row = 0; row < table.count; row++) {
    reader.read(row);
    const trace = traces.ordinal[row] as number;
    for (const at of reader.spanIdsAt) {
      const first = index.first(trace, at);
      if (first >= 0 && isReferred[first] === 0) {
        parents[first] = settledParent(spans, services, service, index, first);
        for (let parent = first; parent >= 0; parent = index.next[parent] as number) isReferred[parent] = 1;
      }
      const parent = isServer(spans, row) || first < 0 ? -1 : (parents[first] as number);
      if (parent < 0) references.push(hashes.of(trace, at));
      else addCall(settled, hour[row] as number, parent * services.length + (service[row] as number));
    }
    if (reader.peerService !== undefined) peers.set(row, reader.peerService);
    hash[row] = hashes.of(trace, table.spanId[row] as number);
    starts[row + 1] = references.length;
  }
  return { settled, halves: { hash, starts, references, peers, isReferred } };
}

const isServer = ({ table }: PlanSpans, row: number): boolean => SIDES[table.kind[row] as number] === "server";

/**
 * The service at the upper end of an edge, when nothing that is still to come can change it: of a shared id the server
 * side; of spans with neither side the service that comes first by name. -1 when it must be joined.
 */
function settledParent(
  { table }: PlanSpans,
  services: readonly string[],
  service: Uint32Array,
  index: SpanIndex,
  first: number,
): number {
  let server = -1;
  let neither = -1;
  let hasClient = false;
  for (let row = first; row >= 0; row = index.next[row] as number) {
    const side = SIDES[table.kind[row] as number];
    const own = service[row] as number;
    if (side === "client") hasClient = true;
    else if (side === "server") server = firstByName(services, server, own);
    else neither = firstByName(services, neither, own);
  }
  if (server >= 0) return server;
  return hasClient ? -1 : neither;
}

const firstByName = (services: readonly string[], a: number, b: number): number =>
  a < 0 || (services[b] as string) < (services[a] as string) ? b : a;

function addCall(settled: Map<number, Map<number, number>>, hour: number, edge: number): void {
  const edges = settled.get(hour) ?? new Map<number, number>();
  settled.set(hour, edges);
  edges.set(edge, (edges.get(edge) ?? 0) + 1);
}

const LOW_SEED = 0x1a1f_0001;
const HIGH_SEED = 0x1a1f_0002;

/**
 * 48-bit hashes of (trace id, span id): 8 bits of the trace alone, so that halves can be joined a part at a time, and 40 of
 * both. The trace's share is worked out once a trace.
 */
function spanHashes({ table, traces }: PlanSpans): { of(trace: number, spanIdAt: number): number } {
  const low = new Uint32Array(traces.count);
  const high = new Uint32Array(traces.count);
  for (let trace = 0; trace < traces.count; trace++) {
    const at = table.traceId[traces.firstRow[trace] as number] as number;
    low[trace] = hashBytes(LOW_SEED, table.bytes, at, at + TRACE_ID_BYTES);
    high[trace] = hashBytes(HIGH_SEED, table.bytes, at, at + TRACE_ID_BYTES);
  }
  return {
    of(trace, at) {
      const lower = hashBytes(low[trace] as number, table.bytes, at, at + SPAN_ID_BYTES);
      const upper = hashBytes(high[trace] as number, table.bytes, at, at + SPAN_ID_BYTES) & 0xff;
      return (((high[trace] as number) >>> 24) * 256 + upper) * 2 ** 32 + lower;
    },
  };
}
