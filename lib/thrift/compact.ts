import { ThriftReader } from "./reader.ts";
import { BINARY, BOOL, DOUBLE, I8, I16, I32, I64, LIST, MAP, SET, STRUCT, UUID } from "./types.ts";

/** The compact protocol's type numbers (thrift/doc/specs/thrift-compact-protocol.md); the index is theirs, the entry ours. */
const TYPES = [0, BOOL, BOOL, I8, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID];
const TRUE = 1;

/** TCompactProtocol: integers as zigzag varints, field numbers as steps from the one before. */
export class CompactReader extends ThriftReader {
  private lastField = 0;
  private readonly outerFields: number[] = [];
  /** The value of a boolean field stands in the field's own header. */
  private pendingBool: boolean | undefined;

  override beginStruct(): void {
    super.beginStruct();
    this.outerFields.push(this.lastField);
    this.lastField = 0;
  }

  override endStruct(): void {
    super.endStruct();
    this.lastField = this.outerFields.pop() ?? 0;
  }

  field(): number {
    const at = this.pos;
    const header = this.bytes[this.take(1)] as number;
    if (header === 0) return 0;
    const type = this.typeOf(at, header & 0xf);
    const step = header >>> 4;
    const id = step === 0 ? this.i16() : this.lastField + step;
    if (id < 0 || id > 0x7fff) throw this.fault(at, `field number ${id}: expected 0 to 32767`);
    this.lastField = id;
    this.pendingBool = type === BOOL ? (header & 0xf) === TRUE : undefined;
    return (id << 8) | type;
  }

  bool(): boolean {
    const pending = this.pendingBool;
    if (pending === undefined) return this.bytes[this.take(1)] === TRUE;
    this.pendingBool = undefined;
    return pending;
  }

  i16(): number {
    return this.i32();
  }

  i32(): number {
    const value = this.varint32();
    return (value >>> 1) ^ -(value & 1);
  }

  i64(): bigint {
    const at = this.pos;
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (shift > 63n) throw this.fault(at, "varint is longer than 10 bytes");
      const byte = this.bytes[this.take(1)] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  protected length(): number {
    return this.varint32();
  }

  protected listHeader(): number {
    const at = this.pos;
    const header = this.bytes[this.take(1)] as number;
    this.elementType = this.typeOf(at, header & 0xf);
    return header >>> 4 === 15 ? this.varint32() : header >>> 4;
  }

  protected mapHeader() {
    const size = this.varint32();
    if (size === 0) return { size, keyType: 0, valueType: 0 };
    const at = this.take(1);
    const types = this.bytes[at] as number;
    return { size, keyType: this.typeOf(at, types >>> 4), valueType: this.typeOf(at, types & 0xf) };
  }

  protected leastBytes(type: number): number {
    return type === DOUBLE ? 8 : type === UUID ? 16 : 1;
  }

  /** At most five bytes, the lower 32 bits, unsigned. */
  varint32(): number {
    const at = this.pos;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 28) throw this.fault(at, "varint is longer than 5 bytes");
      const byte = this.bytes[this.take(1)] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  private typeOf(at: number, type: number): number {
    const ours = TYPES[type];
    if (ours === undefined || ours === 0) throw this.fault(at, `type ${type} does not exist`);
    return ours;
  }
}
