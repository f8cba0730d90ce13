import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../../model/ids.ts";
import type { ByteReader } from "./byte-reader.ts";

/** What is taken out of a page's spans: the bytes of these fields of a span, tag and length stay. */
export const TRACE_ID = 0;
export const SPAN_ID = 1;
export const PARENT_ID = 2;
const START_TIME = 3;
export const END_TIME = 4;

/** Per kind of hole. */
export const HOLE_BYTES = [TRACE_ID_BYTES, SPAN_ID_BYTES, SPAN_ID_BYTES, 8, 8] as const;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const GROUP_START = 3;
const GROUP_END = 4;

const tag = (field: number, type: number): number => (field << 3) | type;

/** Most of a span's fields, and never a hole. */
const ATTRIBUTES = tag(9, BYTES);

/** By depth: the field whose message is entered. ResourceSpans, ScopeSpans, Span. */
const CHILDREN = [tag(1, BYTES), tag(2, BYTES), tag(2, BYTES)] as const;
const SPAN_DEPTH = 3;

/**
 * Walks over TracesData and tells where the holes are, in their order. One walk serves both ways, so that writer and
 * reader cannot disagree on what a hole is, whatever the fields' order or number.
 *
 * @param reader over the message, with or without the bytes of its holes
 * @param length of the whole message
 * @param isOut whether the holes' bytes have been taken out
 * @param hole is told the kind, and where in the reader's bytes the hole is
 */
export function walkHoles(
  reader: ByteReader,
  length: number,
  isOut: boolean,
  hole: (kind: number, at: number) => void,
): void {
  new HoleWalk(reader, isOut, hole).message(0, length);
  reader.close();
}

class HoleWalk {
  private readonly reader: ByteReader;
  private readonly isOut: boolean;
  private readonly hole: (kind: number, at: number) => void;
  /** Bytes of holes passed that are not among the reader's. */
  private absent = 0;

  constructor(reader: ByteReader, isOut: boolean, hole: (kind: number, at: number) => void) {
    this.reader = reader;
    this.isOut = isOut;
    this.hole = hole;
  }

  /** @param end in the whole message */
  message(depth: number, end: number): void {
    const { reader } = this;
    while (reader.pos + this.absent < end) {
      if (depth === SPAN_DEPTH && reader.passShort(ATTRIBUTES, end - this.absent)) continue;
      const tag = reader.varint();
      if (depth < SPAN_DEPTH && tag === CHILDREN[depth]) {
        const size = reader.varint();
        this.message(depth + 1, reader.pos + this.absent + size);
      } else if (depth < SPAN_DEPTH || !this.field(tag)) this.skip(tag);
    }
    if (reader.pos + this.absent !== end) throw reader.fault("a message of the page ends within a field");
  }

  /** Passes the value of a span's field if it may be a hole. */
  private field(of: number): boolean {
    switch (of) {
      case tag(1, BYTES):
        return this.id(TRACE_ID);
      case tag(2, BYTES):
        return this.id(SPAN_ID);
      case tag(4, BYTES):
        return this.id(PARENT_ID);
      case tag(7, FIXED64):
        return this.pass(START_TIME);
      case tag(8, FIXED64):
        return this.pass(END_TIME);
      default:
        return false;
    }
  }

  /** An id of another length stays where it is. */
  private id(kind: number): boolean {
    const size = this.reader.varint();
    if (size === HOLE_BYTES[kind]) return this.pass(kind);
    this.reader.pass(size);
    return true;
  }

  private pass(kind: number): boolean {
    const size = HOLE_BYTES[kind] as number;
    this.hole(kind, this.reader.pos);
    if (this.isOut) this.absent += size;
    else this.reader.pass(size);
    return true;
  }

  private skip(of: number): void {
    const { reader } = this;
    const type = of & 7;
    if (type === BYTES) reader.pass(reader.varint());
    else if (type === VARINT) reader.skipVarints(1);
    else if (type === FIXED64) reader.pass(8);
    else if (type === FIXED32) reader.pass(4);
    else if (type === GROUP_START) this.skipGroup();
    else throw reader.fault(`wire type ${type}`);
  }

  private skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      const of = this.reader.varint();
      if ((of & 7) === GROUP_START) depth++;
      else if ((of & 7) === GROUP_END) depth--;
      else this.skip(of);
    }
  }
}

/** Where a message's holes are, in their order. */
export class HoleList {
  count = 0;
  /** Of all holes together. */
  bytes = 0;
  kind = new Uint8Array(4096);
  at = new Uint32Array(4096);

  /** Begins anew, in the same room. */
  reset(): void {
    this.count = 0;
    this.bytes = 0;
  }

  add(kind: number, at: number): void {
    if (this.count === this.kind.length) {
      const { kind: kinds, at: ats } = this;
      this.kind = new Uint8Array(this.count * 2);
      this.kind.set(kinds);
      this.at = new Uint32Array(this.count * 2);
      this.at.set(ats);
    }
    this.kind[this.count] = kind;
    this.at[this.count++] = at;
    this.bytes += HOLE_BYTES[kind] as number;
  }

  countOf(kind: number): number {
    let count = 0;
    for (let i = 0; i < this.count; i++) if (this.kind[i] === kind) count++;
    return count;
  }

  end(i: number): number {
    return (this.at[i] as number) + (HOLE_BYTES[this.kind[i] as number] as number);
  }
}
