import type { ByteReader } from "../segment/byte-reader.ts";
import { ByteWriter } from "../segment/byte-writer.ts";
import { readStream, writeStream } from "../segment/streams.ts";

/** More than a part of one item can hold. */
const MAX_TERMS = 2 ** 21;
const MAX_COLUMN_BYTES = 64 * 1024 * 1024;

/** The columns of a part's terms, by ascending hash. The lowest bytes of hashes are noise, and bitmaps nearly so: neither may spoil the coding of the rest. */
export class TermsColumns {
  readonly headers: ByteWriter;
  readonly numbers: ByteWriter;
  readonly bitmaps = new ByteWriter();
  private readonly lows: ByteWriter;
  private readonly highs: ByteWriter;
  private count = 0;
  private last = 0;

  /** @param expected terms, about */
  constructor(expected: number) {
    this.lows = new ByteWriter(expected + 16);
    this.highs = new ByteWriter(expected * 2 + 16);
    this.headers = new ByteWriter(expected * 2 + 16);
    this.numbers = new ByteWriter(expected * 4 + 16);
  }

  /** The next term, whose header and numbers follow. */
  hash(hash: number): void {
    const distance = hash - this.last;
    this.lows.byte(distance & 0xff);
    this.highs.varint(Math.floor(distance / 256));
    this.last = hash;
    this.count++;
  }

  /** The first as it is, the others as how many lie between. */
  ascending(list: readonly number[]): void {
    let next = 0;
    for (const value of list) {
      this.numbers.varint(value - next);
      next = value + 1;
    }
  }

  write(out: ByteWriter): void {
    const { highs } = this;
    out.varint(this.count);
    out.raw(this.lows.view());
    highs.raw(this.headers.view());
    highs.raw(this.numbers.view());
    writeStream(out, highs.view());
    writeStream(out, this.bitmaps.view());
  }
}

/** The same columns read: the terms' hashes, and what stands after them. */
export interface ReadColumns {
  /** Ascending. */
  readonly hashes: Uint32Array;
  /** Stands before the headers. */
  readonly lists: ByteReader;
  /** Inflated when first asked for. */
  readonly bitmaps: () => Uint8Array;
}

/** The cursor stands before the columns, which end the part. */
export function readColumns(reader: ByteReader): ReadColumns {
  const lows = reader.raw(reader.count(MAX_TERMS, "terms"));
  const lists = readStream(reader, MAX_COLUMN_BYTES);
  const hashes = new Uint32Array(lows.length);
  let hash = 0;
  for (let place = 0; place < lows.length; place++) {
    const distance = (lows[place] as number) + lists.varint() * 256;
    hash += distance;
    if (hash > 0xffff_ffff || (distance === 0 && place > 0)) throw lists.fault(`hash ${hash} of term ${place}`);
    hashes[place] = hash;
  }
  const bitmapsAt = reader.pos;
  let bitmaps: Uint8Array | undefined;
  const inflate = (): Uint8Array => {
    reader.pos = bitmapsAt;
    return readStream(reader, MAX_COLUMN_BYTES).bytes;
  };
  return {
    hashes,
    lists,
    bitmaps() {
      bitmaps ??= inflate();
      return bitmaps;
    },
  };
}

/** The numbers that {@link TermsColumns.ascending} wrote, all below `below`. */
export function eachAscending(reader: ByteReader, count: number, below: number, take: (value: number) => void): void {
  if (count > below) throw reader.fault(`${count} numbers below ${below}`);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const value = next + reader.varint();
    if (value >= below) throw reader.fault(`number ${value} is not below ${below}`);
    take(value);
    next = value + 1;
  }
}
