import { ByteReader } from "../segment/byte-reader.ts";
import { MAX_ROWS, MAX_STREAM_BYTES } from "../segment/find-term.ts";
import { readStream } from "../segment/streams.ts";
import {
  ALL_ROWS,
  BITMAP_ROWS,
  bitmapBytes,
  COUNT_SCALE,
  HAS_PAGES,
  HAS_SOURCES,
  LISTED_PART,
  LISTED_ROWS,
  NO_ROWS,
  ROWS_MASK,
  SATURATED_PART,
  TERMS_VERSION,
} from "../segment/terms-format.ts";
import type { OpenPart } from "./cursor.ts";
import { HASHES } from "./hash-ranges.ts";
import { ASK, type Pieces, ROWS, SOURCES } from "./pieces.ts";

/** Where the terms of a segment go. */
export interface SegmentSink {
  readonly input: number;
  readonly terms: Pieces;
  readonly traces: Pieces;
  /** Rows or sources of a term that are worth reading. */
  readonly listedEntries: number;
}

/**
 * A part of a segment's terms, read once from its lowest hash to its highest: nothing is kept of it but its inflated bytes.
 * @param from the lowest hash that it may hold; @param below all its hashes are
 */
export function openSegmentTerms(part: Uint8Array, from: number, below: number, sink: SegmentSink): OpenPart {
  // A view of a much larger item must not keep it in memory.
  const own = part.length * 2 < part.buffer.byteLength ? part.slice() : part;
  const reader = ByteReader.open("terms", own, TERMS_VERSION);
  const mode = reader.byte();
  const rows = reader.count(MAX_ROWS, "rows");
  const sources = reader.count(MAX_ROWS, "sources");
  const pages = reader.count(MAX_ROWS, "pages");
  if (mode === SATURATED_PART) return saturated(from, below, sink);
  if (mode !== LISTED_PART) throw reader.fault(`mode ${mode} of the part is not known`);
  const scan = new ListedTerms(reader, { rows, sources, pages }, from, below);
  return {
    drain(to) {
      while (scan.hash < to) scan.take(sink);
      return scan.hash === HASHES;
    },
  };
}

/** Its trace ids may be on any page, and its terms anywhere. */
function saturated(from: number, below: number, { input, terms, traces }: SegmentSink): OpenPart {
  let next = from;
  return {
    drain(to) {
      const end = Math.min(to, below);
      if (next < end) {
        terms.blind(input, next, end - 1);
        traces.blind(input, next, end - 1);
        next = end;
      }
      return next === below;
    },
  };
}

class ListedTerms {
  /** Of the term that comes next; HASHES at the end. */
  hash = 0;
  private left: number;
  private place = 0;
  private readonly lows: Uint8Array;
  private readonly highs: ByteReader;
  private readonly headers: ByteReader;
  private readonly numbers: ByteReader;
  private readonly bitmapsAt: ByteReader;
  private bitmaps: Uint8Array | undefined;
  private bitmap = 0;
  private readonly all: { readonly rows: number; readonly sources: number; readonly pages: number };
  private readonly from: number;
  private readonly below: number;

  constructor(reader: ByteReader, all: ListedTerms["all"], from: number, below: number) {
    this.all = all;
    this.from = from;
    this.below = below;
    this.left = reader.count(MAX_STREAM_BYTES, "terms");
    this.lows = reader.raw(this.left);
    this.highs = readStream(reader, MAX_STREAM_BYTES);
    this.bitmapsAt = reader;
    this.headers = new ByteReader(reader.part, this.highs.bytes);
    this.headers.skipVarints(this.left);
    this.numbers = new ByteReader(reader.part, this.highs.bytes);
    this.numbers.pos = this.headers.pos;
    this.numbers.skipVarints(this.left);
    this.next();
  }

  private next(): void {
    if (this.left-- === 0) {
      this.hash = HASHES;
      return;
    }
    const distance = (this.lows[this.place] as number) + this.highs.varint() * 256;
    const hash = this.hash + distance;
    if ((distance === 0 && this.place > 0) || hash < this.from || hash >= this.below)
      throw this.highs.fault(`hash ${hash} after ${this.hash}, expected from ${this.from} to below ${this.below}`);
    this.hash = hash;
    this.place++;
  }

  take(sink: SegmentSink): void {
    const header = this.headers.varint();
    const count = Math.floor(header / COUNT_SCALE);
    if (count > this.all.rows) throw this.headers.fault(`${count} rows of ${this.all.rows}`);
    const kind = header & ROWS_MASK;
    if (kind !== NO_ROWS) this.takeRows(kind, count, sink);
    if (header & HAS_SOURCES) this.takeList(sink.terms, SOURCES, this.numbers.varint(), this.all.sources, sink);
    if (header & HAS_PAGES) {
      sink.traces.open(this.hash, sink.input, ROWS);
      takeAscending(this.numbers, this.numbers.varint(), this.all.pages, sink.traces);
    }
    this.next();
  }

  private takeRows(kind: number, count: number, sink: SegmentSink): void {
    const { terms } = sink;
    if (kind === LISTED_ROWS) this.takeList(terms, ROWS, count, this.all.rows, sink);
    else {
      const isListed = count <= sink.listedEntries;
      terms.open(this.hash, sink.input, isListed ? ROWS : ASK);
      if (isListed && kind === ALL_ROWS) for (let row = 0; row < this.all.rows; row++) terms.value(row);
      if (isListed && kind === BITMAP_ROWS) this.takeBitmap(terms);
      if (kind === BITMAP_ROWS) this.bitmap++;
    }
  }

  private takeList(terms: Pieces, kind: number, count: number, below: number, sink: SegmentSink): void {
    const isListed = count <= sink.listedEntries;
    terms.open(this.hash, sink.input, isListed ? kind : ASK);
    if (isListed) takeAscending(this.numbers, count, below, terms);
    else this.numbers.skipVarints(count);
  }

  private takeBitmap(terms: Pieces): void {
    this.bitmaps ??= readStream(this.bitmapsAt, MAX_STREAM_BYTES).bytes;
    const length = bitmapBytes(this.all.rows);
    const bits = new ByteReader(this.numbers.part, this.bitmaps.subarray(this.bitmap * length)).raw(length);
    for (let row = 0; row < this.all.rows; row++) if (((bits[row >>> 3] as number) >>> (row & 7)) & 1) terms.value(row);
  }
}

function takeAscending(reader: ByteReader, count: number, below: number, into: Pieces): void {
  if (count > below) throw reader.fault(`${count} numbers below ${below}`);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const value = next + reader.varint();
    if (value >= below) throw reader.fault(`number ${value} is not below ${below}`);
    into.value(value);
    next = value + 1;
  }
}
