import { TracingError } from "../../model/errors.ts";

/** A cursor over a stored part that trusts nothing: what runs past the end, or is not what it must be, is a fault. */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** What is being read, for the fault's message. */
  readonly part: string;
  pos = 0;

  constructor(part: string, bytes: Uint8Array) {
    this.part = part;
    this.bytes = bytes;
  }

  /** Opens a part whose first byte says the version of its format. */
  static open(part: string, bytes: Uint8Array, version: number): ByteReader {
    const reader = new ByteReader(part, bytes);
    const found = reader.byte();
    if (found !== version)
      throw new TracingError("internal", `segment ${part}: format version ${found}, expected ${version}`);
    return reader;
  }

  fault(what: string): TracingError {
    return new TracingError("internal", `segment ${this.part} is corrupt at byte ${this.pos}: ${what}`);
  }

  more(): boolean {
    return this.pos < this.bytes.length;
  }

  byte(): number {
    if (this.pos >= this.bytes.length) throw this.fault("it ends early");
    return this.bytes[this.pos++] as number;
  }

  /** An integer of at most 2^53 - 1. */
  varint(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw this.fault("a number is above 2^53 - 1");
    }
    return value;
  }

  /** A varint that may not exceed `most`; what counts things must not make a reader allocate without end. */
  count(most: number, what: string): number {
    const value = this.varint();
    if (value > most) throw this.fault(`${value} ${what}, expected at most ${most}`);
    return value;
  }

  /**
   * Passes fields of that one-byte tag with bodies shorter than 128 bytes, as long as they follow each other and end by
   * `end`; whether there were any.
   */
  passShort(tag: number, end: number): boolean {
    const { bytes } = this;
    const last = Math.min(end, bytes.length);
    let { pos } = this;
    while (pos + 1 < last && bytes[pos] === tag) {
      const length = bytes[pos + 1] as number;
      if (length >= 0x80 || pos + 2 + length > last) break;
      pos += 2 + length;
    }
    const isMoved = pos > this.pos;
    this.pos = pos;
    return isMoved;
  }

  skipVarints(count: number): void {
    for (let i = 0; i < count; i++) while (this.byte() >= 0x80);
  }

  zigzag(): number {
    const value = this.count(0xffff_ffff, "as a signed number");
    return (value >>> 1) ^ -(value & 1);
  }

  zigzag64(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (shift > 63n) throw this.fault("a number is longer than 10 bytes");
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value & 1n ? -(value + 1n) / 2n : value / 2n;
  }

  uint32(): number {
    return this.byte() + this.byte() * 0x100 + this.byte() * 0x1_0000 + this.byte() * 0x100_0000;
  }

  uint64(): bigint {
    const low = this.uint32();
    return (BigInt(this.uint32()) << 32n) | BigInt(low);
  }

  /** Moves over bytes. */
  pass(length: number): void {
    this.pos += length;
    if (this.pos > this.bytes.length) throw this.fault(`${length} bytes run past the end`);
  }

  /** The next bytes: a view. */
  raw(length: number): Uint8Array {
    const end = this.pos + length;
    if (end > this.bytes.length) throw this.fault(`${length} bytes run past the end`);
    const bytes = this.bytes.subarray(this.pos, end);
    this.pos = end;
    return bytes;
  }

  text(): string {
    const bytes = this.raw(this.varint());
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }

  /** All bytes must be read by now. */
  close(): void {
    if (this.more()) throw this.fault(`${this.bytes.length - this.pos} bytes are left over`);
  }
}
