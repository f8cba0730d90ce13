import { type AnyValue, type Attribute, asString } from "../model/attributes.ts";
import { bufferOver, isText, utf8 } from "./text.ts";
import { BYTES, FIXED64, float64At, VARINT, Wire } from "./wire.ts";

const STRING_VALUE = (1 << 3) | BYTES;
const BOOL_VALUE = (2 << 3) | VARINT;
const INT_VALUE = (3 << 3) | VARINT;
const DOUBLE_VALUE = (4 << 3) | FIXED64;
const ARRAY_VALUE = (5 << 3) | BYTES;
const KVLIST_VALUE = (6 << 3) | BYTES;
const BYTES_VALUE = (7 << 3) | BYTES;
const STRINDEX_VALUE = (8 << 3) | VARINT;

/** ArrayValue.values and KeyValueList.values alike. */
const VALUES = (1 << 3) | BYTES;

const EMPTY: AnyValue = { type: "empty" };

/**
 * The AnyValue whose message body lies there; bytes that a scan has passed. Of several members of the oneof the last
 * one counts, whole: two arrays are not joined (the Collector reads it so too).
 */
export function decodeValue(bytes: Uint8Array, start: number, end: number): AnyValue {
  let value = EMPTY;
  const wire = new Wire(bytes, start, end);
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case STRING_VALUE: {
        const to = wire.end();
        value = { type: "string", value: utf8(bytes, wire.pos, to) };
        wire.pos = to;
        break;
      }
      case BOOL_VALUE:
        value = { type: "bool", value: wire.varint() !== 0 || wire.high !== 0 };
        break;
      case INT_VALUE:
        value = { type: "int", value: wire.int64() };
        break;
      case DOUBLE_VALUE:
        value = { type: "double", value: float64At(bytes, wire.take(8)) };
        break;
      case ARRAY_VALUE:
        value = { type: "array", values: decodeValues(wire) };
        break;
      case KVLIST_VALUE:
        value = { type: "map", entries: decodeEntries(wire) };
        break;
      case BYTES_VALUE: {
        const to = wire.end();
        value = { type: "bytes", value: bytes.slice(wire.pos, to) };
        wire.pos = to;
        break;
      }
      case STRINDEX_VALUE: // Meant for profiles: an index into a table that traces do not have.
        wire.varint();
        value = EMPTY;
        break;
      default:
        wire.skip(tag);
    }
  }
  return value;
}

function decodeValues(wire: Wire): AnyValue[] {
  const values: AnyValue[] = [];
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === VALUES) {
      const end = wire.end();
      values.push(decodeValue(wire.bytes, wire.pos, end));
      wire.pos = end;
    } else wire.skip(tag);
  }
  wire.leave(outer);
  return values;
}

function decodeEntries(wire: Wire): Attribute[] {
  const entries: Attribute[] = [];
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === VALUES) entries.push(decodeAttribute(wire));
    else wire.skip(tag);
  }
  wire.leave(outer);
  return entries;
}

/** The KeyValue at the cursor, whose length comes next. */
export function decodeAttribute(wire: Wire): Attribute {
  const { bytes } = wire;
  const at = readKeyValue(wire);
  return { key: utf8(bytes, at.keyStart, at.keyEnd), value: decodeValue(bytes, at.valueStart, at.valueEnd) };
}

/** Where the parts of a KeyValue lie. One object serves all reads: it says what the last one found. */
interface KeyValuePlaces {
  keyStart: number;
  keyEnd: number;
  /** The AnyValue's body; empty when there is none. */
  valueStart: number;
  valueEnd: number;
}

const places: KeyValuePlaces = { keyStart: 0, keyEnd: 0, valueStart: 0, valueEnd: 0 };

const KEY = (1 << 3) | BYTES;
const VALUE = (2 << 3) | BYTES;

/** Moves over the KeyValue at the cursor, whose length comes next. */
export function readKeyValue(wire: Wire): Readonly<KeyValuePlaces> {
  const { bytes, pos } = wire;
  const end = pos + 1 + (bytes[pos] as number);
  const valueStart = pos + 5 + (bytes[pos + 2] as number);
  // A key, then a value, all lengths below 128: nearly all are so, and this saves most of the time.
  if (
    (bytes[pos] as number) < 0x80 &&
    end <= wire.limit &&
    valueStart <= end &&
    bytes[pos + 1] === KEY &&
    bytes[valueStart - 2] === VALUE &&
    valueStart + (bytes[valueStart - 1] as number) === end
  ) {
    places.keyStart = pos + 3;
    places.keyEnd = valueStart - 2;
    places.valueStart = valueStart;
    places.valueEnd = end;
    wire.pos = end;
    return places;
  }
  return readAnyKeyValue(wire);
}

function readAnyKeyValue(wire: Wire): Readonly<KeyValuePlaces> {
  const outer = wire.enter();
  let keyStart = wire.pos;
  let keyEnd = keyStart;
  let valueStart = keyStart;
  let valueEnd = keyStart;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === KEY) {
      keyEnd = wire.end();
      keyStart = wire.pos;
      wire.pos = keyEnd;
    } else if (tag === VALUE) {
      const end = wire.end();
      // A message field that is sent twice is merged: a value without any member leaves the one before as it is.
      if (valueStart === valueEnd || hasMember(wire.bytes, wire.pos, end)) {
        valueStart = wire.pos;
        valueEnd = end;
      }
      wire.pos = end;
    } else wire.skip(tag);
  }
  wire.leave(outer);
  places.keyStart = keyStart;
  places.keyEnd = keyEnd;
  places.valueStart = valueStart;
  places.valueEnd = valueEnd;
  return places;
}

function hasMember(bytes: Uint8Array, start: number, end: number): boolean {
  const wire = new Wire(bytes, start, end);
  while (wire.more()) {
    const tag = wire.tag();
    if (tag >>> 3 <= 8) return true;
    wire.skip(tag);
  }
  return false;
}

/** What `asString` says of the AnyValue whose message body lies there: the text that searches compare. */
export function valueText(bytes: Uint8Array, start: number, end: number): string {
  const at = plainStringStart(bytes, start, end);
  return at === -1 ? asString(decodeValue(bytes, start, end)) : bufferOver(bytes).toString("utf8", at, end);
}

/**
 * Where the text begins if an AnyValue's body is one string in UTF-8 and nothing else, as it nearly always is; the text
 * then ends where the body ends, and its bytes are exactly those of {@link valueText}. -1 otherwise, which says nothing
 * about the value's type.
 */
export function plainStringStart(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2 || bytes[start] !== STRING_VALUE) return -1;
  const first = bytes[start + 1] as number;
  let at = start + 2;
  let length = first;
  if (first >= 0x80) {
    const second = bytes[at++] as number;
    // Two bytes reach 16 KiB; what is longer takes the slow way.
    if (at > end || second >= 0x80) return -1;
    length = (first & 0x7f) | (second << 7);
  }
  return at + length === end && isText(bytes, at, end) ? at : -1;
}
