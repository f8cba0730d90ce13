import { ThriftReader } from "./reader.ts";
import { BINARY, BOOL, DOUBLE, I8, I16, I32, I64, LIST, MAP, SET, STRUCT, UUID } from "./types.ts";

/** Bytes of a value at least: an empty struct is its end, an empty list its header. */
const LEAST_BYTES: Readonly<Record<number, number>> = {
  [BOOL]: 1,
  [I8]: 1,
  [DOUBLE]: 8,
  [I16]: 2,
  [I32]: 4,
  [I64]: 8,
  [BINARY]: 4,
  [STRUCT]: 1,
  [MAP]: 6,
  [SET]: 5,
  [LIST]: 5,
  [UUID]: 16,
};

/** TBinaryProtocol: everything at its full width, big-endian. */
export class BinaryReader extends ThriftReader {
  field(): number {
    const at = this.pos;
    const type = this.bytes[this.take(1)] as number;
    if (type === 0) return 0;
    const id = this.i16();
    if (id < 0) throw this.fault(at, `field number ${id}: expected 0 or more`);
    return (id << 8) | type;
  }

  bool(): boolean {
    return this.bytes[this.take(1)] !== 0;
  }

  i16(): number {
    return this.bytes.readInt16BE(this.take(2));
  }

  i32(): number {
    return this.bytes.readInt32BE(this.take(4));
  }

  i64(): bigint {
    return this.bytes.readBigInt64BE(this.take(8));
  }

  double(): number {
    return this.bytes.readDoubleBE(this.take(8));
  }

  protected length(): number {
    return this.i32();
  }

  protected listHeader(): number {
    this.elementType = this.bytes[this.take(1)] as number;
    return this.i32();
  }

  protected mapHeader() {
    const at = this.take(2);
    return { size: this.i32(), keyType: this.bytes[at] as number, valueType: this.bytes[at + 1] as number };
  }

  protected leastBytes(type: number): number {
    const least = LEAST_BYTES[type];
    if (least === undefined) throw this.fault(this.pos, `type ${type} does not exist`);
    return least;
  }
}
