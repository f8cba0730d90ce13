import { BYTES, FIXED32, FIXED64, VARINT, varintLength, writeVarint } from "./wire.ts";

/** The longest varint, that of a negative number. */
const MAX_VARINT_BYTES = 10;

/** Writes protobuf's wire format into a buffer that grows. Fields are written whether or not they have their default. */
export class Writer {
  private out: Buffer<ArrayBuffer>;
  private pos = 0;

  constructor(expectedBytes = 256) {
    this.out = Buffer.allocUnsafeSlow(Math.max(16, expectedBytes));
  }

  /** What was written; the writer is used up. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.out.subarray(0, this.pos);
  }

  /** uint32, and int32 or enums that are not negative. */
  uint32(field: number, value: number): void {
    this.tag(field, VARINT);
    this.pos = writeVarint(this.out, this.pos, value);
  }

  bool(field: number, value: boolean): void {
    this.uint32(field, value ? 1 : 0);
  }

  int64(field: number, value: bigint): void {
    this.tag(field, VARINT);
    if (value >= 0n && value < 2n ** 32n) {
      this.pos = writeVarint(this.out, this.pos, Number(value));
      return;
    }
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.out[this.pos++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.out[this.pos++] = Number(rest);
  }

  fixed32(field: number, value: number): void {
    this.tag(field, FIXED32);
    this.pos = this.out.writeUInt32LE(value, this.pos);
  }

  fixed64(field: number, value: bigint): void {
    this.tag(field, FIXED64);
    this.pos = this.out.writeBigUInt64LE(value, this.pos);
  }

  double(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.pos = this.out.writeDoubleLE(value, this.pos);
  }

  bytes(field: number, value: Uint8Array): void {
    this.tag(field, BYTES);
    this.reserve(MAX_VARINT_BYTES + value.length);
    this.pos = writeVarint(this.out, this.pos, value.length);
    this.out.set(value, this.pos);
    this.pos += value.length;
  }

  /** Whole fields, as they stand elsewhere. */
  copy(fields: Uint8Array): void {
    this.reserve(fields.length);
    this.out.set(fields, this.pos);
    this.pos += fields.length;
  }

  text(field: number, value: string): void {
    this.tag(field, BYTES);
    // UTF-8 takes between one and three bytes for each UTF-16 unit.
    this.reserve(MAX_VARINT_BYTES + value.length * 3);
    const guess = varintLength(value.length);
    const start = this.pos + guess;
    this.close(start, guess, start + this.out.write(value, start, "utf8"));
  }

  /** Begins a message; give what it returns to {@link end}. */
  begin(field: number): number {
    this.tag(field, BYTES);
    return ++this.pos;
  }

  end(start: number): void {
    this.reserve(MAX_VARINT_BYTES);
    this.close(start, 1, this.pos);
  }

  /** Puts the length before what stands from `start` to `end`, where `room` bytes were left for it. */
  private close(start: number, room: number, end: number): void {
    const length = end - start;
    const needed = varintLength(length);
    if (needed !== room) this.out.copyWithin(start - room + needed, start, end);
    writeVarint(this.out, start - room, length);
    this.pos = end - room + needed;
  }

  /** Leaves room for a scalar after the tag. */
  private tag(field: number, type: number): void {
    this.reserve(2 * MAX_VARINT_BYTES);
    this.pos = writeVarint(this.out, this.pos, ((field << 3) | type) >>> 0);
  }

  private reserve(more: number): void {
    const needed = this.pos + more;
    if (needed <= this.out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.out.length * 2));
    this.out.copy(larger, 0, 0, this.pos);
    this.out = larger;
  }
}
