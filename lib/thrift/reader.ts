import { isUtf8 } from "node:buffer";
import { invalid } from "../model/errors.ts";
import { Parts } from "../model/parts.ts";
import { BINARY, BOOL, DOUBLE, I8, I16, I32, I64, LIST, MAP, SET, STRUCT, UUID } from "./types.ts";

/** What we read nests four deep; more than this is nobody's span, and each level costs a call. */
const MAX_DEPTH = 32;

/**
 * A cursor over Thrift that trusts nothing: every length is held against the bytes that are left before anything is
 * made of it, nesting has a ceiling, and a fault names the offset. The protocols say how each thing is written.
 */
export abstract class ThriftReader {
  protected readonly bytes: Buffer;
  pos = 0;
  /** Type of the elements of the list that {@link list} has just begun. */
  elementType = 0;
  /** Of spans, whose lists {@link structsWithin} reads. */
  readonly parts = new Parts();
  private depth = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The next field of the struct as `id << 8 | type`; 0 at its end. */
  abstract field(): number;
  abstract bool(): boolean;
  abstract i16(): number;
  abstract i32(): number;
  abstract i64(): bigint;
  abstract double(): number;
  /** The length of a list or a set, and its {@link elementType}, as they are written. */
  protected abstract listHeader(): number;
  protected abstract mapHeader(): { readonly size: number; readonly keyType: number; readonly valueType: number };
  protected abstract length(): number;
  /** The fewest bytes that a value of the type takes. */
  protected abstract leastBytes(type: number): number;

  get isAtEnd(): boolean {
    return this.pos === this.bytes.length;
  }

  /** Begins a struct; its fields follow until {@link field} returns 0, then {@link endStruct}. */
  beginStruct(): void {
    if (++this.depth > MAX_DEPTH) throw this.fault(this.pos, `structs nest deeper than ${MAX_DEPTH}`);
  }

  endStruct(): void {
    this.depth--;
  }

  i8(): number {
    return this.bytes.readInt8(this.take(1));
  }

  /** Begins a list (or a set) and returns how many elements follow: never more than the bytes that are left can hold. */
  list(): number {
    const at = this.pos;
    const size = this.listHeader();
    this.hold(at, size, this.leastBytes(this.elementType));
    return size;
  }

  /** Begins a list of structs. */
  structs(): number {
    const at = this.pos;
    const size = this.list();
    if (size > 0 && this.elementType !== STRUCT)
      throw this.fault(at, `list of type ${this.elementType}: expected a list of structs`);
    return size;
  }

  /** An id: signed on the wire, unsigned everywhere else. */
  id(): bigint {
    return BigInt.asUintN(64, this.i64());
  }

  /** The list of structs at the cursor, each a part of a span. Throws when, with it, more than `maxBytes` were read since `start`. */
  structsWithin<T>(start: number, maxBytes: number, read: (reader: this) => T): T[] {
    const found: T[] = [];
    for (let left = this.structs(); left > 0; left--) {
      this.parts.add();
      found.push(read(this));
      this.holdWithin(start, maxBytes);
    }
    return found;
  }

  /** A view of the bytes, not a copy. */
  binary(): Uint8Array {
    const length = this.length();
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** Text; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    const length = this.length();
    const at = this.take(length);
    return this.bytes.toString("utf8", at, at + length);
  }

  /** Text, or the bytes when they are not UTF-8. */
  textOrBytes(): string | Uint8Array {
    const bytes = this.binary();
    const text = this.bytes.toString("utf8", this.pos - bytes.length, this.pos);
    return text.includes("\ufffd") && !isUtf8(bytes) ? bytes : text;
  }

  /** Throws when more than `maxBytes` were read since `start`. */
  holdWithin(start: number, maxBytes: number): void {
    if (this.pos - start > maxBytes) throw this.fault(start, `a struct of more than ${maxBytes} bytes begins here`);
  }

  /** Moves over the value of a field that nobody reads. */
  skip(type: number): void {
    switch (type) {
      case BOOL:
        this.bool();
        return;
      case I8:
        this.i8();
        return;
      case I16:
        this.i16();
        return;
      case I32:
        this.i32();
        return;
      case I64:
        this.i64();
        return;
      case DOUBLE:
        this.double();
        return;
      case BINARY:
        this.binary();
        return;
      case UUID:
        this.take(16);
        return;
      case STRUCT:
        this.skipStruct();
        return;
      case LIST:
      case SET:
        this.skipList();
        return;
      case MAP:
        this.skipMap();
        return;
      default:
        throw this.fault(this.pos, `type ${type} does not exist`);
    }
  }

  private skipStruct(): void {
    this.beginStruct();
    for (let tag = this.field(); tag !== 0; tag = this.field()) this.skip(tag & 0xff);
    this.endStruct();
  }

  private skipList(): void {
    this.beginStruct();
    const size = this.list();
    const type = this.elementType;
    for (let i = 0; i < size; i++) this.skip(type);
    this.endStruct();
  }

  private skipMap(): void {
    this.beginStruct();
    const at = this.pos;
    const { size, keyType, valueType } = this.mapHeader();
    if (size > 0) this.hold(at, size, this.leastBytes(keyType) + this.leastBytes(valueType));
    for (let i = 0; i < size; i++) {
      this.skip(keyType);
      this.skip(valueType);
    }
    this.endStruct();
  }

  private hold(at: number, size: number, leastBytes: number): void {
    const left = this.bytes.length - this.pos;
    if (size < 0 || size * leastBytes > left)
      throw this.fault(at, `${size} elements are announced, ${left} bytes are left`);
  }

  /** Moves over `count` bytes and returns where they began. */
  protected take(count: number): number {
    const at = this.pos;
    if (count < 0 || at + count > this.bytes.length)
      throw this.fault(at, `${count} bytes are announced, ${this.bytes.length - at} are left`);
    this.pos = at + count;
    return at;
  }

  fault(offset: number, what: string): Error {
    return invalid(`malformed Thrift at byte ${offset}: ${what}`);
  }
}
