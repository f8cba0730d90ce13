import { hashAside, hashBytes } from "../../otlp/hash.ts";
import { plainStringStart, valueText } from "../../otlp/value.ts";
import { hashText } from "./term-hash.ts";

/** AnyValue's int_value and bool_value: field << 3 | varint. */
const INT_VALUE = (3 << 3) | 0;
const BOOL_VALUE = (2 << 3) | 0;

/** Numbers that fit four bytes of varint are most of them, and need no 64-bit arithmetic. */
const MAX_DIGITS = 9;
const digits = new Uint8Array(MAX_DIGITS);

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");

/**
 * The hash of an AnyValue's text, seeded with its key's term, worked out without making the text where it can be:
 * strings where they lie, small numbers digit by digit (a text of each takes ten times as long).
 */
export function valueTerm(key: number, bytes: Uint8Array, start: number, end: number): number {
  const text = plainStringStart(bytes, start, end);
  if (text !== -1) return hashBytes(key, bytes, text, end);
  const length = end - start - 1;
  const first = bytes[start];
  if (first === INT_VALUE && length >= 1 && length <= 4 && isOneVarint(bytes, start + 1, end)) {
    const from = writeDigits(smallVarint(bytes, start + 1, end));
    return hashAside(key, digits, from, MAX_DIGITS);
  }
  if (first === BOOL_VALUE && length === 1) {
    const word = bytes[start + 1] === 0 ? FALSE : TRUE;
    return hashAside(key, word, 0, word.length);
  }
  return hashText(key, valueText(bytes, start, end));
}

/** Whether the bytes are a single varint: only the last has its upper bit clear. */
function isOneVarint(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end - 1; at++) if ((bytes[at] as number) < 0x80) return false;
  return (bytes[end - 1] as number) < 0x80;
}

function smallVarint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at--) value = value * 128 + ((bytes[at] as number) & 0x7f);
  return value;
}

/** Right-aligned in `digits`; returns where the first stands. */
function writeDigits(value: number): number {
  let at = MAX_DIGITS;
  let rest = value;
  do {
    digits[--at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  } while (rest > 0);
  return at;
}
