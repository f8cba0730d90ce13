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
  const lows = reader.raw(terms);
  const rest = readStream(reader, MAX_STREAM_BYTES);
  const place = placeOf(hash, lows, rest);
  if (place === undefined) return undefined;
  rest.skipVarints(terms - place - 1);
  const headers = new Uint32Array(terms).map(() => rest.varint());
  const bitmapsBefore = skipPostings(headers.subarray(0, place), rest);
  const header = headers[place] as number;
  return {
    rows: readRows(header, rest, rows, () => {
      const bitmaps = readStream(reader, MAX_STREAM_BYTES);
      bitmaps.raw(bitmapsBefore * bitmapBytes(rows));
      return bitmaps.raw(bitmapBytes(rows));
    }),
    sources: header & HAS_SOURCES ? readAscending(rest, rest.varint(), sources) : NONE,
    pages: header & HAS_PAGES ? readAscending(rest, rest.varint(), pages) : NONE,
  };
}

/** Leaves the cursor after the hash that was found. */
function placeOf(hash: number, lows: Uint8Array, highs: ByteReader): number | undefined {
  let found = 0;
  for (let place = 0; place < lows.length; place++) {
    found += (lows[place] as number) + highs.varint() * 256;
    if (found === hash) return place;
    if (found > hash) return undefined;
  }
  return undefined;
}

/** Moves over the numbers of postings; returns how many bitmaps they have. */
function skipPostings(headers: Uint32Array, numbers: ByteReader): number {
  let bitmaps = 0;
  for (const header of headers) {
    const kind = header & ROWS_MASK;
    if (kind === LISTED_ROWS) numbers.skipVarints(Math.floor(header / COUNT_SCALE));
    else if (kind === BITMAP_ROWS) bitmaps++;
    if (header & HAS_SOURCES) numbers.skipVarints(numbers.varint());
    if (header & HAS_PAGES) numbers.skipVarints(numbers.varint());
  }
  return bitmaps;
}

function readRows(header: number, numbers: ByteReader, all: number, bitmap: () => Uint8Array): RowSet {
  const count = Math.floor(header / COUNT_SCALE);
  if (count > all) throw numbers.fault(`${count} rows of ${all}`);
  switch (header & ROWS_MASK) {
    case ALL_ROWS:
      return allRows(all);
    case BITMAP_ROWS:
      return bitmapRows(bitmap(), count);
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
