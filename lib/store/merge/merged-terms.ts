import { ByteReader } from "../segment/byte-reader.ts";
import { bitmapBytes } from "../segment/terms-format.ts";
import { readBlind } from "./blind.ts";
import { MERGE_LIMITS } from "./limits.ts";
import {
  ASK_ALL,
  ASK_BITMAP,
  ASK_LIST,
  COUNT_SCALE,
  HAS_SOURCES,
  KIND_MASK,
  LISTED_PART,
  MERGED_TERMS_VERSION,
  SATURATED_PART,
} from "./merged-format.ts";
import { ASK, type BlindRange, type Pieces, ROWS, SOURCES } from "./pieces.ts";
import { eachAscending, type ReadColumns, readColumns } from "./terms-columns.ts";

/** More than inputs have. */
const MAX_STRIDE = 2 ** 21;

/** A part of a merged segment's terms, for whoever searches it and whoever merges it again. */
export class MergedTerms {
  readonly inputs: number;
  /** Ascending. */
  readonly hashes: Uint32Array;
  /** Every hash may be in any input. */
  readonly isSaturated: boolean;
  readonly blind: readonly BlindRange[];
  private readonly rowStride: number;
  private readonly sourceStride: number;
  private readonly columns: ReadColumns | undefined;
  private postings: Postings | undefined;

  constructor(part: Uint8Array) {
    const reader = ByteReader.open("merged terms", part, MERGED_TERMS_VERSION);
    const mode = reader.byte();
    this.inputs = reader.count(MERGE_LIMITS.inputs, "inputs");
    this.rowStride = Math.max(1, reader.count(MAX_STRIDE, "as stride of rows"));
    this.sourceStride = Math.max(1, reader.count(MAX_STRIDE, "as stride of sources"));
    this.isSaturated = mode === SATURATED_PART;
    if (!this.isSaturated && mode !== LISTED_PART) throw reader.fault(`mode ${mode} of the part is not known`);
    this.blind = this.isSaturated ? [] : readBlind(reader, this.inputs);
    this.columns = this.isSaturated ? undefined : readColumns(reader);
    this.hashes = this.columns?.hashes ?? new Uint32Array(0);
  }

  /** Hands over what the term at that place leads to, as pieces. @param numberOf per input, what it is called there */
  hand(place: number, into: Pieces, numberOf: (input: number) => number): void {
    const { columns } = this;
    if (columns === undefined) return;
    this.postings ??= readPostings(columns);
    const { headers, numbersAt, bitmapsBefore } = this.postings;
    const header = headers[place] as number;
    const count = Math.floor(header / COUNT_SCALE);
    const hash = this.hashes[place] as number;
    const { lists } = columns;
    lists.pos = numbersAt[place] as number;
    const ask = (input: number): void => into.open(hash, numberOf(input), ASK);
    switch (header & KIND_MASK) {
      case ASK_ALL:
        for (let input = 0; input < this.inputs; input++) ask(input);
        return;
      case ASK_LIST:
        eachAscending(lists, count, this.inputs, ask);
        return;
      case ASK_BITMAP: {
        const length = bitmapBytes(this.inputs);
        const from = (bitmapsBefore[place] as number) * length;
        const bits = new ByteReader(lists.part, columns.bitmaps().subarray(from)).raw(length);
        for (let input = 0; input < this.inputs; input++)
          if (((bits[input >>> 3] as number) >>> (input & 7)) & 1) ask(input);
        return;
      }
      default:
        this.handList(count, this.rowStride, { hash, kind: ROWS, into, numberOf });
        if (header & HAS_SOURCES)
          this.handList(lists.varint(), this.sourceStride, { hash, kind: SOURCES, into, numberOf });
    }
  }

  private handList(count: number, stride: number, { hash, kind, into, numberOf }: Handing): void {
    let current = -1;
    eachAscending((this.columns as ReadColumns).lists, count, this.inputs * stride, (number) => {
      const input = Math.floor(number / stride);
      if (input !== current) into.open(hash, numberOf(input), kind);
      current = input;
      into.value(number - input * stride);
    });
  }
}

interface Handing {
  readonly hash: number;
  readonly kind: number;
  readonly into: Pieces;
  readonly numberOf: (input: number) => number;
}

/** Per term: its header, where its numbers begin, and how many bitmaps stand before its own. */
interface Postings {
  readonly headers: Uint32Array;
  readonly numbersAt: Uint32Array;
  readonly bitmapsBefore: Uint32Array;
}

function readPostings({ hashes, lists }: ReadColumns): Postings {
  const headers = hashes.map(() => lists.count(0xffff_ffff, "as header"));
  const numbersAt = new Uint32Array(headers.length);
  const bitmapsBefore = new Uint32Array(headers.length);
  let bitmaps = 0;
  for (let place = 0; place < headers.length; place++) {
    const header = headers[place] as number;
    const kind = header & KIND_MASK;
    numbersAt[place] = lists.pos;
    bitmapsBefore[place] = bitmaps;
    if (kind === ASK_BITMAP) bitmaps++;
    else if (kind !== ASK_ALL) lists.skipVarints(Math.floor(header / COUNT_SCALE));
    if (header & HAS_SOURCES) lists.skipVarints(lists.varint());
  }
  return { headers, numbersAt, bitmapsBefore };
}
