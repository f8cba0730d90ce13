import { radixOrder } from "../radix-order.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { Terms } from "./collect-terms.ts";
import type { SegmentLimits } from "./limits.ts";
import { SMALL_LEVEL, SMALL_ROWS, writeStream } from "./streams.ts";
import { termPart } from "./term-hash.ts";
import type { PostingLists } from "./term-table.ts";
import {
  ALL_ROWS,
  BITMAP_ROWS,
  BITMAP_SHARE,
  bitmapBytes,
  COUNT_SCALE,
  HAS_PAGES,
  HAS_SOURCES,
  LISTED_PART,
  LISTED_ROWS,
  NO_ROWS,
  SATURATED_PART,
  TERMS_VERSION,
} from "./terms-format.ts";

/** Beyond this more parts would not help: so many hashes in one range must have been made to collide. */
const MAX_TERM_PARTS = 1024;

/** Bytes that a term, and each of its numbers, take in the end; measured on ordinary traffic. */
const BYTES_PER_TERM = 3.2;
const BYTES_PER_NUMBER = 1.3;

const HASH_BITS = 32;

/** Terms by ascending hash, cut by hash into parts of equal ranges: one part when `isBundled`, else as many as make parts of about the limit's size. */
export function writeTerms(terms: Terms, limits: SegmentLimits, isBundled: boolean): Uint8Array[] {
  const order = radixOrder(terms.hashes, HASH_BITS);
  const count = isBundled ? 1 : Math.min(MAX_TERM_PARTS, Math.round(estimatedBytes(terms) / limits.termPartBytes));
  for (let parts = Math.max(1, count); ; parts = Math.min(parts * 2, MAX_TERM_PARTS)) {
    const written = writeParts(terms, order, parts);
    if (parts === MAX_TERM_PARTS || written.every((part) => part.length <= limits.itemBytes))
      return written.map((part) => (part.length <= limits.itemBytes ? part : saturatedPart(terms)));
  }
}

export function estimatedBytes({ hashes, rows, sources, pages, rowCount }: Terms): number {
  let bytes = 0;
  for (let term = 0; term < hashes.length; term++) {
    const listed = (rows.starts[term + 1] as number) - (rows.starts[term] as number);
    if (listed === rowCount) continue;
    bytes += Math.min(listed * BYTES_PER_NUMBER, bitmapBytes(rowCount));
  }
  return bytes + hashes.length * BYTES_PER_TERM + (sources.values.length + pages.values.length) * BYTES_PER_NUMBER;
}

function writeParts(terms: Terms, order: Uint32Array, count: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let part = 0; part < count; part++) {
    let to = from;
    while (to < order.length && termPart(terms.hashes[order[to] as number] as number, count) === part) to++;
    parts.push(writePart(terms, order.subarray(from, to)));
    from = to;
  }
  return parts;
}

function openPart(terms: Terms, mode: number): ByteWriter {
  const out = new ByteWriter(4096);
  out.byte(TERMS_VERSION);
  out.byte(mode);
  out.varint(terms.rowCount);
  out.varint(terms.sourceCount);
  out.varint(terms.pageCount);
  return out;
}

const saturatedPart = (terms: Terms): Uint8Array => openPart(terms, SATURATED_PART).finish();

/** Room for one part's runs at a time: a plan has a hundred parts. */
const room = {
  highs: new ByteWriter(16 * 1024),
  headers: new ByteWriter(8 * 1024),
  numbers: new ByteWriter(16 * 1024),
  bitmaps: new ByteWriter(16 * 1024),
} as const;

/** The lowest bytes of hashes are noise, and bitmaps nearly so: neither may spoil the coding of the rest. */
function writePart(terms: Terms, order: Uint32Array): Uint8Array {
  const lows = new Uint8Array(order.length);
  const { highs, headers, numbers, bitmaps } = room;
  for (const run of Object.values(room)) run.reset();
  let lastHash = 0;
  for (let i = 0; i < order.length; i++) {
    const term = order[i] as number;
    const hash = terms.hashes[term] as number;
    lows[i] = (hash - lastHash) & 0xff;
    highs.varint(Math.floor((hash - lastHash) / 256));
    lastHash = hash;
    writePosting(terms, term, headers, numbers, bitmaps);
  }
  const out = openPart(terms, LISTED_PART);
  out.varint(order.length);
  out.raw(lows);
  highs.raw(headers.view());
  highs.raw(numbers.view());
  const level = terms.rowCount < SMALL_ROWS ? SMALL_LEVEL : undefined;
  writeStream(out, highs.view(), false, level);
  writeStream(out, bitmaps.view(), false, level);
  return out.finish();
}

function writePosting(terms: Terms, term: number, headers: ByteWriter, numbers: ByteWriter, bitmaps: ByteWriter): void {
  const { rows, sources, pages } = terms;
  const rowsOf = countOf(rows, term);
  const sourcesOf = countOf(sources, term);
  const pagesOf = countOf(pages, term);
  const kind = rowsKind(rowsOf, terms.rowCount);
  headers.varint(rowsOf * COUNT_SCALE + kind + (sourcesOf > 0 ? HAS_SOURCES : 0) + (pagesOf > 0 ? HAS_PAGES : 0));
  if (kind === LISTED_ROWS) writeAscending(numbers, rows, term);
  else if (kind === BITMAP_ROWS) writeBitmap(bitmaps, rows, term, terms.rowCount);
  if (sourcesOf > 0) {
    numbers.varint(sourcesOf);
    writeAscending(numbers, sources, term);
  }
  if (pagesOf > 0) {
    numbers.varint(pagesOf);
    writeAscending(numbers, pages, term);
  }
}

const countOf = ({ starts }: PostingLists, term: number): number =>
  (starts[term + 1] as number) - (starts[term] as number);

function rowsKind(count: number, all: number): number {
  if (count === 0) return NO_ROWS;
  if (count === all) return ALL_ROWS;
  return count * BITMAP_SHARE > all ? BITMAP_ROWS : LISTED_ROWS;
}

/** The first as it is, the others as how many lie between. */
function writeAscending(out: ByteWriter, { starts, values }: PostingLists, term: number): void {
  const end = starts[term + 1] as number;
  let next = 0;
  for (let i = starts[term] as number; i < end; i++) {
    const value = values[i] as number;
    out.varint(value - next);
    next = value + 1;
  }
}

function writeBitmap(out: ByteWriter, { starts, values }: PostingLists, term: number, all: number): void {
  const bits = out.room(bitmapBytes(all)).fill(0);
  const end = starts[term + 1] as number;
  for (let i = starts[term] as number; i < end; i++) {
    const row = values[i] as number;
    bits[row >>> 3] = (bits[row >>> 3] as number) | (1 << (row & 7));
  }
}
