import { ByteReader } from "../segment/byte-reader.ts";
import type { SegmentId } from "../segment/types.ts";
import { readBlind } from "./blind.ts";
import { MERGE_LIMITS } from "./limits.ts";
import { BODIES, BODY_MASK, IS_LATE, MERGED_TRACES_VERSION } from "./merged-format.ts";
import type { BlindRange } from "./pieces.ts";
import { eachAscending, type ReadColumns, readColumns } from "./terms-columns.ts";
import type { TracePage } from "./types.ts";

const SEGMENT_BYTES = 16;
const MAX_PAGES = 2 ** 21;

/** An input, as a part of the trace ids names it. */
export interface NamedInput extends Omit<TracePage, "page" | "segment"> {
  readonly segment: SegmentId;
  readonly pages: number;
}

/** A part of a merged segment's trace ids, for whoever searches it and whoever merges it again. */
export class MergedTraces {
  /** Ascending. */
  readonly hashes: Uint32Array;
  readonly inputs: readonly NamedInput[];
  readonly blind: readonly BlindRange[];
  private readonly stride: number;
  private readonly columns: ReadColumns;
  private postings: { readonly counts: Uint32Array; readonly numbersAt: Uint32Array } | undefined;

  constructor(part: Uint8Array) {
    const reader = ByteReader.open("merged traces", part, MERGED_TRACES_VERSION);
    this.stride = Math.max(1, reader.count(MAX_PAGES, "as stride of pages"));
    this.inputs = readNamed(reader);
    this.blind = readBlind(reader, this.inputs.length);
    this.columns = readColumns(reader);
    this.hashes = this.columns.hashes;
  }

  /** Each page that the trace id at that place leads to. @param take gets the input's number in this part */
  eachPage(place: number, take: (input: number, page: number) => void): void {
    const { lists } = this.columns;
    this.postings ??= readPostings(this.columns);
    lists.pos = this.postings.numbersAt[place] as number;
    const { stride } = this;
    eachAscending(lists, this.postings.counts[place] as number, this.inputs.length * stride, (number) => {
      const input = Math.floor(number / stride);
      take(input, number - input * stride);
    });
  }
}

function readNamed(reader: ByteReader): NamedInput[] {
  let at = 0;
  return Array.from({ length: reader.count(MERGE_LIMITS.inputs, "inputs") }, () => {
    const segment = Buffer.from(reader.raw(SEGMENT_BYTES)).toString("hex");
    at += reader.varint();
    const flags = reader.byte();
    const body = BODIES[flags & BODY_MASK];
    if (body === undefined) throw reader.fault(`body ${flags & BODY_MASK} is not known`);
    return { segment, at, isLate: (flags & IS_LATE) !== 0, body, pages: reader.count(MAX_PAGES, "pages") };
  });
}

function readPostings({ hashes, lists }: ReadColumns) {
  const counts = hashes.map(() => lists.count(0xffff_ffff, "pages"));
  const numbersAt = new Uint32Array(counts.length);
  for (let place = 0; place < counts.length; place++) {
    numbersAt[place] = lists.pos;
    lists.skipVarints(counts[place] as number);
  }
  return { counts, numbersAt };
}
