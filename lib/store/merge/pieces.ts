/** What a piece holds: rows (pages, where trace ids are gathered), sources, or nothing but that the input has the term. */
export const ROWS = 0;
export const SOURCES = 1;
export const ASK = 2;
/** Rows as they stand in a segment: how many, then a bitmap in words of 32, the lowest first; or how many, which are all of them. They are unfolded only where they are listed. */
export const BITMAP = 3;
export const ALL = 4;

const WORD_BITS = 32;

/** Hashes of which an input can only say that it may hold them. */
export interface BlindRange {
  readonly input: number;
  /** Both inclusive. */
  readonly from: number;
  to: number;
}

/** 32 bits of hash above 21 of number: sorted as numbers, with no comparator to call. */
const MAX_PIECES = 2 ** 21;
const MAX_VALUES = 2 ** 22;

/**
 * What inputs hold of a range of hashes, in the order in which it was met. A piece is what one input has of one term; one
 * that has both rows and sources of it is two pieces.
 */
export class Pieces {
  count = 0;
  hashes = new Uint32Array(1024);
  inputs = new Uint32Array(1024);
  kinds = new Uint8Array(1024);
  /** Where a piece's numbers begin in `values`; they end where the next one's begin. */
  starts = new Uint32Array(1025);
  values = new Uint32Array(4096);
  /** More came than a part could ever hold: what is here is not all. */
  isOverfull = false;
  private valueCount = 0;
  private readonly blindByInput = new Map<number, BlindRange[]>();

  /** Begins a piece; its numbers follow, ascending. */
  open(hash: number, input: number, kind: number): void {
    if (this.count === this.hashes.length) this.growPieces();
    if (this.count === MAX_PIECES - 1 || this.valueCount > MAX_VALUES) {
      this.isOverfull = true;
      this.clearPieces();
    }
    const at = this.count++;
    this.hashes[at] = hash;
    this.inputs[at] = input;
    this.kinds[at] = kind;
    this.starts[at] = this.valueCount;
    this.starts[at + 1] = this.valueCount;
  }

  /** Another number of the piece begun last. */
  value(value: number): void {
    if (this.valueCount === this.values.length) {
      const larger = new Uint32Array(this.valueCount * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.valueCount++] = value;
    this.starts[this.count] = this.valueCount;
  }

  /** Ranges of an input come in ascending order; what adjoins becomes one, so that it does not matter where it was cut before. */
  blind(input: number, from: number, to: number): void {
    const known = this.blindByInput.get(input);
    const last = known?.at(-1);
    if (last !== undefined && last.to + 1 === from) last.to = to;
    else if (known !== undefined) known.push({ input, from, to });
    else this.blindByInput.set(input, [{ input, from, to }]);
  }

  /** By input, then by hash. */
  blindRanges(): BlindRange[] {
    return [...this.blindByInput].sort(([a], [b]) => a - b).flatMap(([, ranges]) => ranges);
  }

  /** Numbers of the pieces by hash, then by input. */
  order(): Uint32Array {
    const { count, hashes, inputs } = this;
    const packed = new Float64Array(count);
    for (let i = 0; i < count; i++) packed[i] = (hashes[i] as number) * MAX_PIECES + i;
    packed.sort();
    const order = new Uint32Array(count);
    let isAscending = true;
    for (let i = 0; i < count; i++) {
      const piece = (packed[i] as number) % MAX_PIECES;
      const before = order[i - 1] ?? piece;
      order[i] = piece;
      if (hashes[before] === hashes[piece] && (inputs[before] as number) > (inputs[piece] as number))
        isAscending = false;
    }
    if (isAscending) return order;
    return order.sort(
      (a, b) => (hashes[a] as number) - (hashes[b] as number) || (inputs[a] as number) - (inputs[b] as number) || a - b,
    );
  }

  /** How many rows or sources a piece holds. */
  numbersOf(piece: number): number {
    const start = this.starts[piece] as number;
    const kind = this.kinds[piece];
    return kind === BITMAP || kind === ALL
      ? (this.values[start] as number)
      : (this.starts[piece + 1] as number) - start;
  }

  /** Each row or source of a piece, ascending. */
  eachNumber(piece: number, take: (value: number) => void): void {
    const { values } = this;
    const start = this.starts[piece] as number;
    const end = this.starts[piece + 1] as number;
    const kind = this.kinds[piece];
    if (kind === ALL) for (let row = 0; row < (values[start] as number); row++) take(row);
    else if (kind === BITMAP) {
      for (let at = start + 1; at < end; at++)
        for (let rest = values[at] as number; rest !== 0; rest &= rest - 1)
          take((at - start - 1) * WORD_BITS + 31 - Math.clz32(rest & -rest));
    } else for (let at = start; at < end; at++) take(values[at] as number);
  }

  /** The greatest number of a kind; 0 when there is none. */
  most(kind: number): number {
    let most = 0;
    for (let piece = 0; piece < this.count; piece++) {
      const [start, end] = [this.starts[piece] as number, this.starts[piece + 1] as number];
      if (this.kinds[piece] === kind && end > start) most = Math.max(most, this.values[end - 1] as number);
    }
    return most;
  }

  clear(): void {
    this.clearPieces();
    this.isOverfull = false;
    this.blindByInput.clear();
  }

  private clearPieces(): void {
    this.count = 0;
    this.valueCount = 0;
  }

  private growPieces(): void {
    const size = this.hashes.length * 2;
    const grown = <T extends Uint32Array | Uint8Array>(old: T, larger: T): T => {
      larger.set(old);
      return larger;
    };
    this.hashes = grown(this.hashes, new Uint32Array(size));
    this.inputs = grown(this.inputs, new Uint32Array(size));
    this.kinds = grown(this.kinds, new Uint8Array(size));
    this.starts = grown(this.starts, new Uint32Array(size + 1));
  }
}
