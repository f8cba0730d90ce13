import { boundedName } from "../bounded-name.ts";
import { firstAtLeast } from "../first-at-least.ts";
import type { PlanSpans } from "../plan-spans.ts";
import { radixOrder } from "../radix-order.ts";
import { ByteWriter } from "../segment/byte-writer.ts";
import { SEGMENT_LIMITS } from "../segment/limits.ts";
import { rowsByHour } from "../segment/rows-by-hour.ts";
import { SMALL_LEVEL, SMALL_ROWS, writeStream } from "../segment/streams.ts";
import { planEdges, type RowHalves } from "./edges.ts";
import { type MinuteRow, minuteRows } from "./minutes.ts";
import type { PlanServices } from "./plan-services.ts";
import { SIDES } from "./types.ts";

export const COUNTS_VERSION = 1;
export const HASH_BYTES = 6;
/** Flags of a half: its side (0 neither, 1 client, 2 server), and what else is written of it. */
export const SIDE_CODES = ["neither", "client", "server"] as const;
export const HAS_REFERENCES = 4;
export const HAS_PEER = 8;
export const IS_REFERRED = 16;

export interface HourCounts {
  readonly hour: number;
  /** As many bodies as one hour of the plan needs, each within the limit; read with readCounts. */
  readonly bodies: readonly Uint8Array[];
}

/** Everything of one hour that is counted, before it is cut into bodies. */
interface Content {
  readonly who: PlanServices;
  readonly kind: Uint8Array;
  readonly all: RowHalves;
  readonly folded: number;
  readonly minutes: readonly MinuteRow[];
  /** `parent service × services + child service` of the plan, calls. */
  readonly edges: readonly (readonly [number, number])[];
  /** Rows by hash, each a half. */
  readonly halves: Uint32Array;
}

/** What a plan counts, by the hour of the spans' starts: before any sampling, once per delivery of a span. */
export function buildCounts(
  spans: PlanSpans,
  who: PlanServices,
  limitBytes: number = SEGMENT_LIMITS.itemBytes,
): HourCounts[] {
  const { settled, halves } = planEdges(spans, who);
  return rowsByHour(spans.hour).map(([hour, rows]) => {
    const { minutes, folded } = minuteRows(spans, who, hour, rows);
    const edges = [...(settled.get(hour) ?? [])].sort((a, b) => a[0] - b[0]);
    const ordered = byHash(halves.hash, rows);
    const content = { who, kind: spans.table.kind, all: halves, folded, minutes, edges, halves: ordered };
    return { hour, bodies: encodeWithin(content, limitBytes) };
  });
}

/** Equal ones in the order of the rows. */
function byHash(hash: Float64Array, rows: Uint32Array): Uint32Array {
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = hash[rows[i] as number] as number;
  const ordered = radixOrder(values, HASH_BYTES * 8);
  for (let i = 0; i < ordered.length; i++) ordered[i] = rows[ordered[i] as number] as number;
  return ordered;
}

/** One body, or as many as it takes: what is too large is cut in the middle. Names are bounded, so one of each always fits. */
function encodeWithin(content: Content, limitBytes: number): Uint8Array[] {
  const body = encode(content);
  const { minutes, edges, halves } = content;
  if (body.length <= limitBytes || Math.max(minutes.length, edges.length, halves.length) <= 1) return [body];
  const [minute, edge, half] = [minutes.length >>> 1, edges.length >>> 1, halves.length >>> 1];
  const lower = { minutes: minutes.slice(0, minute), edges: edges.slice(0, edge), halves: halves.slice(0, half) };
  const upper = { minutes: minutes.slice(minute), edges: edges.slice(edge), halves: halves.slice(half) };
  return [
    ...encodeWithin({ ...content, ...lower }, limitBytes),
    ...encodeWithin({ ...content, ...upper, folded: 0 }, limitBytes),
  ];
}

function encode(content: Content): Uint8Array {
  const { who, folded, minutes, edges } = content;
  const named = namedServices(content);
  const out = new ByteWriter(1024);
  out.byte(COUNTS_VERSION);
  const text = new ByteWriter(1024);
  text.varint(named.size);
  for (const service of named.keys()) text.text(boundedName(who.services[service] as string));
  text.varint(folded);
  writeMinutes(text, minutes, named);
  text.varint(edges.length);
  for (const [edge, calls] of edges) {
    const [parent, child] = ends(edge, who);
    text.varint((named.get(parent) as number) * named.size + (named.get(child) as number));
    text.varint(calls);
  }
  writeStream(out, text.view(), false, text.view().length < SMALL_BYTES ? SMALL_LEVEL : undefined);
  writeHalves(out, content, named);
  return out.finish();
}

const ends = (edge: number, { services }: PlanServices): [number, number] => [
  Math.floor(edge / services.length),
  edge % services.length,
];

/** What a plan of fewer than a hundred spans counts. */
const SMALL_BYTES = 4096;

/** The services that a body needs, and no other: the plan's numbers of them, under the body's own. */
function namedServices({ who, minutes, edges, halves }: Content): ReadonlyMap<number, number> {
  const named = new Map<number, number>();
  const name = (service: number): void => {
    if (!named.has(service)) named.set(service, named.size);
  };
  for (const { service } of minutes) name(service);
  for (const [edge] of edges) ends(edge, who).forEach(name);
  for (const row of halves) name(who.service[row] as number);
  return named;
}

/** Neighbours of the same operation name it once. */
export function writeMinutes(out: ByteWriter, minutes: readonly MinuteRow[], named: ReadonlyMap<number, number>): void {
  out.varint(minutes.length);
  let before: MinuteRow | undefined;
  for (const row of minutes) {
    const isSame = row.service === before?.service && row.operation === before.operation && row.kind === before.kind;
    out.varint(row.minute * 2 + (isSame ? 1 : 0));
    if (!isSame) {
      out.varint((named.get(row.service) as number) * 8 + row.kind);
      out.text(boundedName(row.operation));
    }
    out.varint(row.errors);
    out.varint(row.durations.length);
    let bucket = 0;
    for (const [at, count] of row.durations) {
      out.varint(at - bucket);
      out.varint(count);
      bucket = at;
    }
    before = row;
  }
}

/**
 * Halves as columns: hashes as differences, in planes of equal significance, since only the lowest four of six bytes
 * are noise; then flags, services, references and peers, each a stream of its own.
 */
function writeHalves(
  out: ByteWriter,
  { who, kind, all, halves: rows }: Content,
  named: ReadonlyMap<number, number>,
): void {
  const { hash, starts, references, peers, isReferred } = all;
  out.varint(rows.length);
  const sorted = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) sorted[i] = hash[rows[i] as number] as number;
  const level = rows.length < SMALL_ROWS ? SMALL_LEVEL : undefined;
  for (const plane of hashPlanes(sorted)) writeStream(out, plane, false, level);
  const [flags, service, referred, called] = [new ByteWriter(), new ByteWriter(), new ByteWriter(), new ByteWriter()];
  for (const row of rows) {
    const peer = peers.get(row);
    const [from, to] = [starts[row] as number, starts[row + 1] as number];
    const more = (to > from ? HAS_REFERENCES : 0) + (peer === undefined ? 0 : HAS_PEER);
    flags.byte((SIDE_OF_KIND[kind[row] as number] ?? 0) + more + (isReferred[row] === 1 ? IS_REFERRED : 0));
    service.varint(named.get(who.service[row] as number) as number);
    if (to > from) {
      referred.varint(to - from);
      for (let i = from; i < to; i++) writeReference(referred, references[i] as number, sorted);
    }
    if (peer !== undefined) called.text(boundedName(peer));
  }
  for (const column of [flags, service, referred, called]) writeStream(out, column.view(), false, level);
}

const SIDE_OF_KIND = SIDES.map((side) => SIDE_CODES.indexOf(side));

/** The bytes of equal significance of the differences, lowest first. */
function hashPlanes(sorted: Float64Array): Uint8Array[] {
  const planes = Array.from({ length: HASH_BYTES }, () => new Uint8Array(sorted.length));
  let before = 0;
  for (let i = 0; i < sorted.length; i++) {
    let rest = (sorted[i] as number) - before;
    before = sorted[i] as number;
    for (let plane = 0; rest > 0; plane++) {
      (planes[plane] as Uint8Array)[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
  return planes;
}

/** A span of the same list is named by its position, which is half as long as its hash. */
function writeReference(out: ByteWriter, hash: number, sorted: Float64Array): void {
  const at = firstAtLeast(sorted, hash);
  const isThere = sorted[at] === hash;
  out.varint(isThere ? at + 1 : 0);
  if (isThere) return;
  out.uint32(hash % 2 ** 32);
  out.byte(Math.floor(hash / 2 ** 32) & 0xff);
  out.byte(Math.floor(hash / 2 ** 40));
}
