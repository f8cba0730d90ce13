import { invalid } from "../model/errors.ts";
import { utf8 } from "./text.ts";

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const GROUP_START = 3;
const GROUP_END = 4;
export const FIXED32 = 5;

/** A field's tag: its number, and how its value is written. */
export const field = (number: number, type: number): number => (number << 3) | type;

/** Groups in unknown fields may nest; protobuf's own parsers stop at 100. */
const MAX_GROUP_DEPTH = 100;

const UINT32 = 2 ** 32;

/**
 * A cursor over protobuf's wire format (protobuf.dev/programming-guides/encoding) that trusts nothing: every tag, length
 * and end is checked against the message it stands in, and a fault names the offset. One object serves a whole request.
 */
export class Wire {
  readonly bytes: Uint8Array;
  pos: number;
  /** Where the message that is being read ends. */
  limit: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.limit = end;
  }

  /** Whether the message that is being read has more fields. */
  more(): boolean {
    return this.pos < this.limit;
  }

  /** The next field's tag: number << 3 | wire type. */
  tag(): number {
    const at = this.pos;
    const tag = this.varint();
    if (this.high !== 0 || tag >>> 3 === 0) throw fault(at, "field number out of range");
    return tag;
  }

  /** The upper half of the last varint. */
  high = 0;

  /** The lower 32 bits of a varint of up to ten bytes, unsigned; the rest is left in {@link high}. */
  varint(): number {
    const bytes = this.bytes;
    const at = this.pos;
    if (at >= this.limit) throw fault(at, "varint is cut off");
    const first = bytes[at] as number;
    this.high = 0;
    if (first < 0x80) {
      this.pos = at + 1;
      return first;
    }
    let low = first & 0x7f;
    let high = 0;
    let pos = at + 1;
    for (let shift = 7; ; shift += 7) {
      if (pos >= this.limit) throw fault(at, "varint is cut off");
      if (shift > 63) throw fault(at, "varint is longer than 10 bytes");
      const byte = bytes[pos++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.pos = pos;
    this.high = high >>> 0;
    return low >>> 0;
  }

  /** A varint as a signed 64-bit integer. */
  int64(): bigint {
    const low = this.varint();
    return BigInt.asIntN(64, (BigInt(this.high) << 32n) | BigInt(low));
  }

  /** Reads a length and returns where that many bytes end; the cursor stands at their start. */
  end(): number {
    const at = this.pos;
    const length = this.varint();
    const end = this.pos + length;
    if (this.high !== 0 || end > this.limit)
      throw fault(at, `length ${this.high * UINT32 + length} runs past its message`);
    return end;
  }

  /** Opens the length-delimited message at the cursor; give what it returns to {@link leave}. */
  enter(): number {
    const outer = this.limit;
    this.limit = this.end();
    return outer;
  }

  /** Closes a message after its last field. */
  leave(outer: number): void {
    this.limit = outer;
  }

  /** The string at the cursor, whose length comes next; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    const end = this.end();
    const text = utf8(this.bytes, this.pos, end);
    this.pos = end;
    return text;
  }

  /** The bytes at the cursor, whose length comes next: a view, not a copy. */
  view(): Uint8Array {
    const end = this.end();
    const bytes = this.bytes.subarray(this.pos, end);
    this.pos = end;
    return bytes;
  }

  /** Moves over `count` bytes and returns where they began. */
  take(count: number): number {
    const at = this.pos;
    if (at + count > this.limit) throw fault(at, `${count} bytes are cut off`);
    this.pos = at + count;
    return at;
  }

  /** Moves over the value of a field that nobody reads. */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.take(8);
        return;
      case BYTES:
        this.pos = this.end();
        return;
      case FIXED32:
        this.take(4);
        return;
      case GROUP_START:
        this.skipGroup(tag >>> 3, 1);
        return;
      default:
        throw fault(this.pos, `wire type ${tag & 7} does not exist here`);
    }
  }

  private skipGroup(field: number, depth: number): void {
    if (depth > MAX_GROUP_DEPTH) throw fault(this.pos, `groups nest deeper than ${MAX_GROUP_DEPTH}`);
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) === GROUP_START) this.skipGroup(tag >>> 3, depth + 1);
      else if ((tag & 7) !== GROUP_END) this.skip(tag);
      else if (tag >>> 3 === field) return;
      else throw fault(this.pos, `group ${field} is closed as ${tag >>> 3}`);
    }
  }
}

export const fault = (offset: number, what: string): Error => invalid(`malformed protobuf at byte ${offset}: ${what}`);

/** Bytes that `value`, a non-negative integer below 2^32, takes as a varint. */
export const varintLength = (value: number): number =>
  value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5;

/** Writes a non-negative integer below 2^32 and returns where it ends. */
export function writeVarint(out: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

export const uint32At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0;

const halves = new Uint32Array(2);
const whole = new BigUint64Array(halves.buffer);

/** Two halves as one 64-bit integer: 40 ns through a shared buffer, 60 ns by shifting (every machine we run on is little-endian). */
export function joinHalves(low: number, high: number): bigint {
  halves[0] = low;
  halves[1] = high;
  return whole[0] as bigint;
}

const double = new Float64Array(whole.buffer);

/** Eight bytes as a floating-point number. */
export function float64At(bytes: Uint8Array, at: number): number {
  halves[0] = uint32At(bytes, at);
  halves[1] = uint32At(bytes, at + 4);
  return double[0] as number;
}
