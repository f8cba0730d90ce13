import type { PlanSpans } from "../plan-spans.ts";
import { ByteWriter } from "../segment/byte-writer.ts";
import { SEGMENT_LIMITS } from "../segment/limits.ts";
import { writeStream } from "../segment/streams.ts";
import { planEdges, type RowHalf } from "./edges.ts";
import { type MinuteRow, minuteRows } from "./minutes.ts";
import { type PlanServices, planServices } from "./plan-services.ts";
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
  readonly folded: number;
  readonly minutes: readonly MinuteRow[];
  /** `parent service × services + child service`, calls. */
  readonly edges: readonly (readonly [number, number])[];
  /** By hash. */
  readonly halves: readonly RowHalf[];
}

/** What a plan counts, by the hour of the spans' starts: before any sampling, once per delivery of a span. */
export function buildCounts(spans: PlanSpans, limitBytes: number = SEGMENT_LIMITS.itemBytes): HourCounts[] {
  const who = planServices(spans);
  const { settled, halves } = planEdges(spans, who);
  const rowsByHour = Map.groupBy(spans.hour.keys(), (row) => spans.hour[row] as number);
  return [...rowsByHour]
    .sort((a, b) => a[0] - b[0])
    .map(([hour, hourRows]) => {
      const rows = Uint32Array.from(hourRows);
      const { minutes, folded } = minuteRows(spans, who, hour, rows);
      const edges = [...(settled.get(hour) ?? [])].sort((a, b) => a[0] - b[0]);
      const ordered = hourRows.map((row) => halves[row] as RowHalf).sort((a, b) => a.hash - b.hash || a.row - b.row);
      const content = { who, kind: spans.table.kind, folded, minutes, edges, halves: ordered };
      return { hour, bodies: encodeWithin(content, limitBytes) };
    });
}

/** One body, or as many as it takes: what is too large is cut in the middle. */
function encodeWithin(content: Content, limitBytes: number): Uint8Array[] {
  const body = encode(content);
  const { minutes, halves } = content;
  if (body.length <= limitBytes || (minutes.length <= 1 && halves.length <= 1)) return [body];
  const middle = { minutes: minutes.length >>> 1, halves: halves.length >>> 1 };
  return [
    ...encodeWithin(
      { ...content, minutes: minutes.slice(0, middle.minutes), halves: halves.slice(0, middle.halves) },
      limitBytes,
    ),
    ...encodeWithin(
      { ...content, folded: 0, edges: [], minutes: minutes.slice(middle.minutes), halves: halves.slice(middle.halves) },
      limitBytes,
    ),
  ];
}

function encode({ who, kind, folded, minutes, edges, halves }: Content): Uint8Array {
  const out = new ByteWriter(1024);
  out.byte(COUNTS_VERSION);
  const text = new ByteWriter(1024);
  text.varint(who.services.length);
  for (const service of who.services) text.text(service);
  text.varint(folded);
  writeMinutes(text, minutes);
  text.varint(edges.length);
  for (const [edge, calls] of edges) {
    text.varint(edge);
    text.varint(calls);
  }
  writeStream(out, text.view());
  writeHalves(out, who, kind, halves);
  return out.finish();
}

/** Neighbours of the same operation name it once. */
function writeMinutes(out: ByteWriter, minutes: readonly MinuteRow[]): void {
  out.varint(minutes.length);
  let before: MinuteRow | undefined;
  for (const row of minutes) {
    const isSame = row.service === before?.service && row.operation === before.operation && row.kind === before.kind;
    out.varint(row.minute * 2 + (isSame ? 1 : 0));
    if (!isSame) {
      out.varint(row.service * 8 + row.kind);
      out.text(row.operation);
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
function writeHalves(out: ByteWriter, who: PlanServices, kind: Uint8Array, halves: readonly RowHalf[]): void {
  out.varint(halves.length);
  const planes = Array.from({ length: HASH_BYTES }, () => new Uint8Array(halves.length));
  const position = new Map<number, number>();
  const [flags, service, references, peers] = [new ByteWriter(), new ByteWriter(), new ByteWriter(), new ByteWriter()];
  let before = 0;
  halves.forEach((half, i) => {
    let rest = half.hash - before;
    for (const plane of planes) {
      plane[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    before = half.hash;
    if (!position.has(half.hash)) position.set(half.hash, i);
  });
  for (const half of halves) {
    const side = SIDE_CODES.indexOf(SIDES[kind[half.row] as number] ?? "neither");
    const more = (half.references.length > 0 ? HAS_REFERENCES : 0) + (half.peer === undefined ? 0 : HAS_PEER);
    flags.byte(side + more + (half.isReferred ? IS_REFERRED : 0));
    service.varint(who.service[half.row] as number);
    if (half.references.length > 0) writeReferences(references, half.references, position);
    if (half.peer !== undefined) peers.text(half.peer);
  }
  for (const plane of planes) writeStream(out, plane);
  for (const column of [flags, service, references, peers]) writeStream(out, column.view());
}

/** A span of the same list is named by its position, which is half as long as its hash. */
function writeReferences(out: ByteWriter, references: readonly number[], position: ReadonlyMap<number, number>): void {
  out.varint(references.length);
  for (const hash of references) {
    const at = position.get(hash);
    out.varint(at === undefined ? 0 : at + 1);
    if (at === undefined) {
      out.uint32(hash % 2 ** 32);
      out.byte(Math.floor(hash / 2 ** 32) & 0xff);
      out.byte(Math.floor(hash / 2 ** 40));
    }
  }
}
