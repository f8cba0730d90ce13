/** Bytes that grow as they are written; little-endian, varints as in protobuf. */
export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  /** What was written so far: a view, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** What was written so far, for keeps. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** Begins anew, in the same room. */
  reset(): void {
    this.length = 0;
  }

  /** Adds so many bytes, which the caller fills before anything else is written. */
  room(count: number): Uint8Array<ArrayBuffer> {
    if (this.length + count > this.bytes.length) this.reserve(count);
    this.length += count;
    return this.bytes.subarray(this.length - count, this.length);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Any integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    if (this.length + 8 > this.bytes.length) this.reserve(8);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** A signed 32-bit integer, small whatever its sign. */
  zigzag(value: number): void {
    this.varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A signed integer of at most 64 bits and a sign. */
  zigzag64(value: bigint): void {
    let rest = value < 0n ? -value * 2n - 1n : value * 2n;
    for (; rest > 0x7fn; rest >>= 7n) this.byte(Number(rest & 0x7fn) | 0x80);
    this.byte(Number(rest));
  }

  uint32(value: number): void {
    this.byte(value & 0xff);
    this.byte((value >>> 8) & 0xff);
    this.byte((value >>> 16) & 0xff);
    this.byte(value >>> 24);
  }

  uint64(value: bigint): void {
    this.uint32(Number(value & 0xffff_ffffn));
    this.uint32(Number(value >> 32n));
  }

  raw(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.bytes.length) this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Its length in bytes, then UTF-8. */
  text(value: string): void {
    const bytes = Buffer.from(value);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  private reserve(count: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
