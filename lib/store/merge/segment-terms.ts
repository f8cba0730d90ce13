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
import { ALL, ASK, BITMAP, type Pieces, ROWS, SOURCES } from "./pieces.ts";

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
  const reader = ByteReader.open("terms", part, TERMS_VERSION);
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
    // Copies, so that the item itself need not stay in memory.
    this.lows = new Uint8Array(reader.raw(this.left));
    const { bytes } = readStream(reader, MAX_STREAM_BYTES);
    this.highs = new ByteReader(reader.part, bytes.buffer === reader.bytes.buffer ? new Uint8Array(bytes) : bytes);
    this.bitmapsAt = new ByteReader(reader.part, new Uint8Array(reader.bytes.subarray(reader.pos)));
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
    else if (count > sink.listedEntries) terms.open(this.hash, sink.input, ASK);
    else {
      terms.open(this.hash, sink.input, kind === ALL_ROWS ? ALL : BITMAP);
      terms.value(kind === ALL_ROWS ? this.all.rows : count);
      if (kind === BITMAP_ROWS) this.takeBitmap(terms, count);
    }
    if (kind === BITMAP_ROWS) this.bitmap++;
  }

  private takeList(terms: Pieces, kind: number, count: number, below: number, sink: SegmentSink): void {
    const isListed = count <= sink.listedEntries;
    terms.open(this.hash, sink.input, isListed ? kind : ASK);
    if (isListed) takeAscending(this.numbers, count, below, terms);
    else this.numbers.skipVarints(count);
  }

  private takeBitmap(terms: Pieces, count: number): void {
    this.bitmaps ??= readStream(this.bitmapsAt, MAX_STREAM_BYTES).bytes;
    const length = bitmapBytes(this.all.rows);
    const bits = new ByteReader(this.numbers.part, this.bitmaps.subarray(this.bitmap * length)).raw(length);
    let found = 0;
    for (let at = 0; at < length; at += WORD_BYTES) {
      let word = 0;
      for (let i = Math.min(WORD_BYTES, length - at) - 1; i >= 0; i--) word = (word << 8) | (bits[at + i] as number);
      terms.value(word);
      found += bitsIn(word);
    }
    const beyond = this.all.rows % 8 === 0 ? 0 : (bits[length - 1] as number) >>> (this.all.rows % 8);
    if (found !== count || beyond !== 0)
      throw this.numbers.fault(`a bitmap of ${found} rows, expected ${count} of ${this.all.rows}`);
  }
}

const WORD_BYTES = 4;

/** How many bits of a word are set. */
function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
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
