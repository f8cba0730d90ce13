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

/** More than there can be: a plan is 32 MiB, and a span of it at least 30 bytes. */
export const MAX_ROWS = 2 ** 21;
export const MAX_STREAM_BYTES = 64 * 1024 * 1024;

/** What a term leads to; undefined when no span of the segment has it. The part is that of `termPart(hash, head.termParts)`. */
export const findTerm = (part: Uint8Array, hash: number): Posting | undefined => openTerms(part)(hash);

/** Finds terms of one part, which is inflated once however many are asked for. */
export type TermFinder = (hash: number) => Posting | undefined;

export function openTerms(part: Uint8Array): TermFinder {
  const reader = ByteReader.open("terms", part, TERMS_VERSION);
  const mode = reader.byte();
  const rows = reader.count(MAX_ROWS, "rows");
  const sources = reader.count(MAX_ROWS, "sources");
  const pages = reader.count(MAX_ROWS, "pages");
  if (mode === SATURATED_PART) {
    const everything = { rows: allRows(rows), sources: upTo(sources), pages: upTo(pages) };
    return () => everything;
  }
  if (mode !== LISTED_PART) throw reader.fault(`mode ${mode} of the part is not known`);
  const terms = reader.count(MAX_STREAM_BYTES, "terms");
  const lows = reader.raw(terms);
  const rest = readStream(reader, MAX_STREAM_BYTES);
  const hashes = readHashes(lows, rest);
  const headersAt = rest.pos;
  const bitmapsAt = reader.pos;
  let postings: Postings | undefined;
  let bitmaps: Uint8Array | undefined;
  return (hash) => {
    const place = placeOf(hash, hashes);
    if (place === undefined) return undefined;
    rest.pos = headersAt;
    postings ??= readPostings(terms, rest);
    const header = postings.headers[place] as number;
    rest.pos = postings.numbersAt[place] as number;
    const bitmap = (): Uint8Array => {
      reader.pos = bitmapsAt;
      bitmaps ??= readStream(reader, MAX_STREAM_BYTES).bytes;
      const from = (postings?.bitmapsBefore[place] as number) * bitmapBytes(rows);
      return new ByteReader(reader.part, bitmaps.subarray(from)).raw(bitmapBytes(rows));
    };
    return {
      rows: readRows(header, rest, rows, bitmap),
      sources: header & HAS_SOURCES ? readAscending(rest, rest.varint(), sources) : NONE,
      pages: header & HAS_PAGES ? readAscending(rest, rest.varint(), pages) : NONE,
    };
  };
}

/** Ascending. */
function readHashes(lows: Uint8Array, highs: ByteReader): Uint32Array {
  const hashes = new Uint32Array(lows.length);
  let hash = 0;
  for (let place = 0; place < lows.length; place++) {
    hash += (lows[place] as number) + highs.varint() * 256;
    if (hash > 0xffff_ffff) throw highs.fault(`hash ${hash} has more than 32 bits`);
    hashes[place] = hash;
  }
  return hashes;
}

function placeOf(hash: number, hashes: Uint32Array): number | undefined {
  let from = 0;
  let to = hashes.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((hashes[middle] as number) < hash) from = middle + 1;
    else to = middle;
  }
  return hashes[from] === hash ? from : undefined;
}

/** Per term: its header, where its numbers begin, and how many bitmaps stand before its own. */
interface Postings {
  readonly headers: Uint32Array;
  readonly numbersAt: Uint32Array;
  readonly bitmapsBefore: Uint32Array;
}

/** The cursor stands before the headers. */
function readPostings(terms: number, rest: ByteReader): Postings {
  const headers = new Uint32Array(terms).map(() => rest.varint());
  const numbersAt = new Uint32Array(terms);
  const bitmapsBefore = new Uint32Array(terms);
  let bitmaps = 0;
  for (let place = 0; place < terms; place++) {
    const header = headers[place] as number;
    const kind = header & ROWS_MASK;
    numbersAt[place] = rest.pos;
    bitmapsBefore[place] = bitmaps;
    if (kind === LISTED_ROWS) rest.skipVarints(Math.floor(header / COUNT_SCALE));
    else if (kind === BITMAP_ROWS) bitmaps++;
    if (header & HAS_SOURCES) rest.skipVarints(rest.varint());
    if (header & HAS_PAGES) rest.skipVarints(rest.varint());
  }
  return { headers, numbersAt, bitmapsBefore };
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
