import { ByteWriter } from "../segment/byte-writer.ts";
import { bitmapBytes } from "../segment/terms-format.ts";
import { writeBlind } from "./blind.ts";
import type { MergeLimits } from "./limits.ts";
import {
  ASK_ALL,
  ASK_BITMAP,
  ASK_LIST,
  BITMAP_SHARE,
  COUNT_SCALE,
  HAS_SOURCES,
  LISTED,
  LISTED_PART,
  MERGED_TERMS_VERSION,
  SATURATED_PART,
} from "./merged-format.ts";
import { ASK, type BlindRange, type Pieces, ROWS, SOURCES } from "./pieces.ts";
import { TermsColumns } from "./terms-columns.ts";

/** What all parts of a merged segment have in common. */
export interface MergedShape {
  readonly inputs: number;
  /** More than any row of an input: rows of all inputs are one row of numbers, input × stride + row. */
  readonly rowStride: number;
}

/** How much sooner a part that turned out too large gives up listing where a term is. */
const FEWER = 8;

/** A part of the terms from all that its inputs hold of them; never larger than an item. */
export function writeMergedTerms(pieces: Pieces, shape: MergedShape, limits: MergeLimits): Uint8Array {
  if (pieces.isOverfull) return saturatedPart(shape);
  const order = pieces.order();
  const blind = pieces.blindRanges();
  for (let most = limits.listedEntries; ; most = Math.floor(most / FEWER)) {
    const part = new PartWriter(pieces, order, shape, most).write(blind);
    if (part.length <= limits.itemBytes) return part;
    if (most === 0) return saturatedPart(shape);
  }
}

function openPart(mode: number, { inputs, rowStride }: MergedShape, sourceStride: number): ByteWriter {
  const out = new ByteWriter(4096);
  out.byte(MERGED_TERMS_VERSION);
  out.byte(mode);
  out.varint(inputs);
  out.varint(rowStride);
  out.varint(sourceStride);
  return out;
}

const saturatedPart = (shape: MergedShape): Uint8Array => openPart(SATURATED_PART, shape, 1).finish();

class PartWriter {
  private readonly columns: TermsColumns;
  private readonly sourceStride: number;
  private readonly pieces: Pieces;
  private readonly order: Uint32Array;
  private readonly shape: MergedShape;
  private readonly mostEntries: number;

  constructor(pieces: Pieces, order: Uint32Array, shape: MergedShape, mostEntries: number) {
    this.pieces = pieces;
    this.order = order;
    this.shape = shape;
    this.mostEntries = mostEntries;
    this.columns = new TermsColumns(order.length);
    this.sourceStride = sourceStride(pieces, order, mostEntries);
  }

  write(blind: readonly BlindRange[]): Uint8Array {
    for (const group of groupsOf(this.pieces, this.order)) {
      this.columns.hash(this.pieces.hashes[this.order[group.from] as number] as number);
      this.term(group);
    }
    const out = openPart(LISTED_PART, this.shape, this.sourceStride);
    writeBlind(out, blind);
    this.columns.write(out);
    return out.finish();
  }

  private term({ from, to, rows, sources }: Group): void {
    if (rows + sources > this.mostEntries) this.asked(from, to);
    else {
      this.columns.headers.varint(rows * COUNT_SCALE + (sources > 0 ? HAS_SOURCES : 0) + LISTED);
      if (rows > 0) this.numbers(from, to, ROWS, this.shape.rowStride);
      if (sources === 0) return;
      this.columns.numbers.varint(sources);
      this.numbers(from, to, SOURCES, this.sourceStride);
    }
  }

  private numbers(from: number, to: number, kind: number, stride: number): void {
    const { order, pieces, columns } = this;
    let next = 0;
    for (let i = from; i < to; i++) {
      const piece = order[i] as number;
      if ((pieces.kinds[piece] === SOURCES) !== (kind === SOURCES)) continue;
      const first = (pieces.inputs[piece] as number) * stride;
      pieces.eachNumber(piece, (value) => {
        columns.numbers.varint(first + value - next);
        next = first + value + 1;
      });
    }
  }

  private asked(from: number, to: number): void {
    const { order, pieces, columns } = this;
    const { inputs } = this.shape;
    const bits = new Uint8Array(bitmapBytes(inputs));
    const list: number[] = [];
    for (let i = from; i < to; i++) {
      const input = pieces.inputs[order[i] as number] as number;
      if (list.at(-1) === input) continue;
      list.push(input);
      bits[input >>> 3] = (bits[input >>> 3] as number) | (1 << (input & 7));
    }
    const kind = list.length === inputs ? ASK_ALL : list.length * BITMAP_SHARE > inputs ? ASK_BITMAP : ASK_LIST;
    columns.headers.varint(list.length * COUNT_SCALE + kind);
    if (kind === ASK_BITMAP) columns.bitmaps.raw(bits);
    if (kind === ASK_LIST) columns.ascending(list);
  }
}

/** Pieces of one term: a run of the order, with how much they list; more than anything when one of them does not say. */
interface Group {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly sources: number;
}

function* groupsOf(pieces: Pieces, order: Uint32Array): Generator<Group> {
  for (let from = 0, to = 0; from < order.length; from = to) {
    const hash = pieces.hashes[order[from] as number];
    let rows = 0;
    let sources = 0;
    for (; to < order.length && pieces.hashes[order[to] as number] === hash; to++) {
      const piece = order[to] as number;
      const kind = pieces.kinds[piece];
      if (kind === ASK) rows = Number.POSITIVE_INFINITY;
      else if (kind === SOURCES) sources += pieces.numbersOf(piece);
      else rows += pieces.numbersOf(piece);
    }
    yield { from, to, rows, sources };
  }
}

/** 1 more than the greatest source that is listed, so that it does not matter what was gathered of terms that are not. */
function sourceStride(pieces: Pieces, order: Uint32Array, mostEntries: number): number {
  let most = 0;
  for (const { from, to, rows, sources } of groupsOf(pieces, order)) {
    if (sources === 0 || rows + sources > mostEntries) continue;
    for (let i = from; i < to; i++) {
      const piece = order[i] as number;
      const last = pieces.values[(pieces.starts[piece + 1] as number) - 1] as number;
      if (pieces.kinds[piece] === SOURCES) most = Math.max(most, last);
    }
  }
  return most + 1;
}
