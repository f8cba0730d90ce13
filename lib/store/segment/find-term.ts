import { ByteReader } from "./byte-reader.ts";
import { allRows, bitmapRows, listedRows, NO_ROW } from "./row-sets.ts";
import { readStream } from "./streams.ts";
import {
  ALL_ROWS,
  BITMAP_ROWS,
  bitmapBytes,
  COUNT_SCALE,
  HAS_PAGES,
  HAS_SOURCES,
  LISTED_PART,
  LISTED_ROWS,
  ROWS_MASK,
  SATURATED_PART,
  TERMS_VERSION,
} from "./terms-format.ts";
import type { Posting, RowSet } from "./types.ts";

/** More than an item inflates to: a span of 32 MiB of plan has at least 40 bytes. */
const MAX_ROWS = 2 ** 20;
const MAX_STREAM_BYTES = 64 * 1024 * 1024;

/** What a term leads to; undefined when no span of the segment has it. The part is that of `termPart(hash, head.termParts)`. */
export function findTerm(part: Uint8Array, hash: number): Posting | undefined {
  const reader = ByteReader.open("terms", part, TERMS_VERSION);
  const mode = reader.byte();
  const rows = reader.count(MAX_ROWS, "rows");
  const sources = reader.count(MAX_ROWS, "sources");
  const pages = reader.count(MAX_ROWS, "pages");
  if (mode === SATURATED_PART) return { rows: allRows(rows), sources: upTo(sources), pages: upTo(pages) };
  if (mode !== LISTED_PART) throw reader.fault(`mode ${mode} of the part is not known`);
  const terms = reader.count(MAX_STREAM_BYTES, "terms");
  const place = placeOf(hash, terms, readStream(reader, terms), readStream(reader, terms * 5));
  if (place === undefined) return undefined;
  const headers = readStream(reader, terms * 5);
  const numbers = readStream(reader, MAX_STREAM_BYTES);
  const bitmaps = readStream(reader, MAX_STREAM_BYTES);
  reader.close();
  for (let before = 0; before < place; before++) skipPosting(headers.varint(), numbers, bitmaps, rows);
  return readPosting(headers.varint(), numbers, bitmaps, { rows, sources, pages });
}

function placeOf(hash: number, terms: number, lows: ByteReader, highs: ByteReader): number | undefined {
  let found = 0;
  for (let place = 0; place < terms; place++) {
    found += lows.byte() + highs.varint() * 256;
    if (found === hash) return place;
    if (found > hash) return undefined;
  }
  return undefined;
}

function skipPosting(header: number, numbers: ByteReader, bitmaps: ByteReader, rows: number): void {
  const kind = header & ROWS_MASK;
  if (kind === LISTED_ROWS) numbers.skipVarints(Math.floor(header / COUNT_SCALE));
  else if (kind === BITMAP_ROWS) bitmaps.raw(bitmapBytes(rows));
  if (header & HAS_SOURCES) numbers.skipVarints(numbers.varint());
  if (header & HAS_PAGES) numbers.skipVarints(numbers.varint());
}

function readPosting(
  header: number,
  numbers: ByteReader,
  bitmaps: ByteReader,
  most: { readonly rows: number; readonly sources: number; readonly pages: number },
): Posting {
  const rows = readRows(header, numbers, bitmaps, most.rows);
  const sources = header & HAS_SOURCES ? readAscending(numbers, numbers.varint(), most.sources) : NONE;
  const pages = header & HAS_PAGES ? readAscending(numbers, numbers.varint(), most.pages) : NONE;
  return { rows, sources, pages };
}

function readRows(header: number, numbers: ByteReader, bitmaps: ByteReader, all: number): RowSet {
  const count = Math.floor(header / COUNT_SCALE);
  if (count > all) throw numbers.fault(`${count} rows of ${all}`);
  switch (header & ROWS_MASK) {
    case ALL_ROWS:
      return allRows(all);
    case BITMAP_ROWS:
      return bitmapRows(bitmaps.raw(bitmapBytes(all)), count);
    case LISTED_ROWS:
      return listedRows(readAscending(numbers, count, all));
    default:
      return NO_ROW;
  }
}

function readAscending(reader: ByteReader, count: number, below: number): Uint32Array {
  if (count > below) throw reader.fault(`${count} numbers below ${below}`);
  const list = new Uint32Array(count);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const value = next + reader.varint();
    if (value >= below) throw reader.fault(`number ${value} is not below ${below}`);
    list[i] = value;
    next = value + 1;
  }
  return list;
}

const NONE = new Uint32Array(0);

const upTo = (count: number): Uint32Array => new Uint32Array(count).map((_, i) => i);
