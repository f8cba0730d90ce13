import { durationRange, hourOffsets } from "../hour-offsets.ts";
import { halvesOf } from "../time-halves.ts";
import { ByteWriter } from "./byte-writer.ts";
import { BLOCK_ROWS, PART_ROWS, type SegmentLimits } from "./limits.ts";
import { writeNames } from "./row-names.ts";
import type { SegmentSpans } from "./segment-spans.ts";
import { SMALL_LEVEL, SMALL_ROWS, writeStream } from "./streams.ts";

export const ROWS_VERSION = 1;

/** Columns of rows, newest first, a part for each {@link PART_ROWS} of them. */
export function writeRows(spans: SegmentSpans, page: Uint32Array, limits: SegmentLimits): Uint8Array[] {
  const offsets = hourOffsets(spans.plan, spans.hour, spans.tableRow);
  const parts: Uint8Array[] = [];
  for (let first = 0; first < page.length; first += PART_ROWS)
    parts.push(new RowsWriter(spans, page, offsets).write(first, Math.min(first + PART_ROWS, page.length), limits));
  return parts;
}

/** The streams of one part; each holds one kind of byte, so that noise does not spoil the coding of the rest. */
class RowsWriter {
  private readonly spans: SegmentSpans;
  private readonly page: Uint32Array;
  private readonly offsets: Float64Array;
  private readonly traces = new ByteWriter(PART_ROWS);
  private readonly newTraces = new ByteWriter();
  private readonly newPages = new ByteWriter();
  private readonly shapes = new ByteWriter(PART_ROWS);
  private readonly newShapes = new ByteWriter();
  private readonly sources = new ByteWriter(PART_ROWS);
  private readonly newSources = new ByteWriter();
  private readonly startLows = new ByteWriter(PART_ROWS);
  private readonly startMids = new ByteWriter(PART_ROWS);
  private readonly startHighs = new ByteWriter(PART_ROWS);
  private readonly durationLows = new ByteWriter(PART_ROWS);
  private readonly durationMids = new ByteWriter(PART_ROWS);
  private readonly durationHighs = new ByteWriter(PART_ROWS * 2);

  constructor(spans: SegmentSpans, page: Uint32Array, offsets: Float64Array) {
    this.spans = spans;
    this.page = page;
    this.offsets = offsets;
  }

  write(first: number, end: number, limits: SegmentLimits): Uint8Array {
    const operations = this.writeShapes(first, end);
    this.writeTraces(first, end);
    this.writeSources(first, end);
    this.writeStarts(first, end);
    this.writeDurations(first, end);
    const out = new ByteWriter(64 * 1024);
    out.byte(ROWS_VERSION);
    out.varint(first);
    out.varint(end - first);
    out.varint(this.spans.hour);
    for (let at = first; at < end; at += BLOCK_ROWS) this.writeBlock(out, at, Math.min(at + BLOCK_ROWS, end));
    const level = end - first < SMALL_ROWS ? SMALL_LEVEL : undefined;
    writeStream(out, writeNames(this.spans, operations, limits), false, level);
    const { traces, newTraces, newPages, shapes, newShapes, sources, newSources } = this;
    for (const stream of [traces, newTraces, newPages, shapes, newShapes, sources, newSources])
      writeStream(out, stream.view(), stream === newTraces, level);
    for (const [lows, mids, highs] of [
      [this.startLows, this.startMids, this.startHighs],
      [this.durationLows, this.durationMids, this.durationHighs],
    ] as const) {
      writeStream(out, lows.view(), true);
      writeStream(out, mids.view(), true);
      writeStream(out, highs.view());
    }
    return out.finish();
  }

  /** Rows are newest first, so the ends of a block are its extremes. */
  private writeBlock(out: ByteWriter, first: number, end: number): void {
    const [least, most] = durationRange(this.spans.plan, this.spans.tableRow, first, end);
    out.varint(this.offsets[end - 1] as number);
    out.varint(this.offsets[first] as number);
    out.uint64(least);
    out.uint64(most);
  }

  /** A shape is what spans of one operation mostly have in common: the operation, kind, status, and whether there is a parent. */
  private writeShapes(first: number, end: number): number[] {
    const { plan, tableRow, operations } = this.spans;
    const { kind, status, parentId } = plan.table;
    const known = new Map<number, number>();
    const places = new Map<number, number>();
    for (let row = first; row < end; row++) {
      const at = tableRow[row] as number;
      const operation = operations.number[row] as number;
      const flags = flagsOf(kind[at] as number, status[at] as number, parentId[at] === 0);
      const key = operation * FLAGS + flags;
      let shape = known.get(key);
      if (shape === undefined) {
        shape = known.size;
        known.set(key, shape);
        let place = places.get(operation);
        if (place === undefined) {
          place = places.size;
          places.set(operation, place);
        }
        this.newShapes.varint(place);
        this.newShapes.byte(flags);
      }
      this.shapes.varint(shape);
    }
    return [...places.keys()];
  }

  /** A trace on a page, 0 where it is first met in the part, else how many others have been met since it first was, and 1. */
  private writeTraces(first: number, end: number): void {
    const { trace, traceHash } = this.spans;
    const lastOf = new Map<number, { readonly number: number; readonly page: number }>();
    let count = 0;
    let lastPage = 0;
    for (let row = first; row < end; row++) {
      const own = trace[row] as number;
      const page = this.page[row] as number;
      const known = lastOf.get(own);
      if (known?.page === page) {
        this.traces.varint(count - known.number);
        continue;
      }
      lastOf.set(own, { number: count++, page });
      this.traces.varint(0);
      this.newTraces.uint32(traceHash[own] as number);
      this.newPages.zigzag(page - lastPage);
      lastPage = page;
    }
  }

  /** Sources are numbered within their service, which the operation tells already: 0 where one is first met in the part. */
  private writeSources(first: number, end: number): void {
    const { source, service } = this.spans;
    const known = new Map<number, number>();
    const counts = new Map<number, number>();
    for (let row = first; row < end; row++) {
      const own = source[row] as number;
      const place = known.get(own);
      this.sources.varint(place ?? 0);
      if (place !== undefined) continue;
      const next = (counts.get(service[own] as number) ?? 0) + 1;
      counts.set(service[own] as number, next);
      known.set(own, next);
      this.newSources.varint(own);
    }
  }

  /** How much older than the row before; of the first row the block's range tells. */
  private writeStarts(first: number, end: number): void {
    for (let row = first; row < end; row++) {
      const back = row === first ? 0 : (this.offsets[row - 1] as number) - (this.offsets[row] as number);
      this.startLows.byte(back % 0x100);
      this.startMids.byte(Math.floor(back / 0x100) % 0x100);
      this.startHighs.varint(Math.floor(back / 0x1_0000));
    }
  }

  private writeDurations(first: number, end: number): void {
    const { plan, tableRow } = this.spans;
    const halves = halvesOf(plan.durationNanos);
    for (let row = first; row < end; row++) {
      const at = (tableRow[row] as number) * 2;
      const low = halves[at] as number;
      this.durationLows.byte(low & 0xff);
      this.durationMids.byte((low >>> 8) & 0xff);
      this.durationHighs.varint((halves[at + 1] as number) * 0x1_0000 + (low >>> 16));
    }
  }
}

/** Bits: kind 0-2, status 3-4, root 5. */
const FLAGS = 64;
const flagsOf = (kind: number, status: number, isRoot: boolean): number => kind | (status << 3) | (isRoot ? 32 : 0);
