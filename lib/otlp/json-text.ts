import { invalid, TracingError } from "../model/errors.ts";

/**
 * Arrays and objects inside each other. The deepest attribute value that is allowed takes 32 levels of four, and a span's
 * own place a dozen more.
 */
const MAX_JSON_DEPTH = 200;

/**
 * Values in one body. Each becomes an object of its own that takes twenty times the two bytes that it is written with:
 * without a ceiling a body of 64 MiB takes 2.3 GB and forty seconds, with it 0.4 GB and three. Spans as SDKs write them
 * have one in twenty bytes.
 */
const MAX_JSON_VALUES = 2_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}` differ in the bit that tells upper case from lower. */
const LOWER = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;

/**
 * A body that is to be JSON as text. Throws invalid_argument, with the offset, when it is not UTF-8 or nests too deep:
 * JSON.parse would take seconds to find out, and nothing else runs in the meantime. Throws too_large when it holds more values
 * than may be made objects of.
 */
export function jsonText(body: Uint8Array): string {
  checkShape(body);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new TracingError("invalid_argument", "body: expected JSON in UTF-8", { cause });
  }
}

/** Every value but the first follows a bracket or a comma. */
function checkShape(body: Uint8Array): void {
  let depth = 0;
  let values = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] as number;
    if (byte === QUOTE) i = stringEnd(body, i + 1);
    else if (byte === COMMA) values++;
    else if ((byte | LOWER) === CLOSE) depth--;
    else if ((byte | LOWER) === OPEN) {
      values++;
      if (++depth > MAX_JSON_DEPTH)
        throw invalid(`body: malformed JSON at byte ${i}: expected at most ${MAX_JSON_DEPTH} levels`);
    }
  }
  if (values > MAX_JSON_VALUES)
    throw new TracingError("too_large", `body has more than ${MAX_JSON_VALUES} JSON values; send smaller batches`);
}

/** Where the closing quote stands. */
function stringEnd(body: Uint8Array, start: number): number {
  let end = start;
  for (; end < body.length && body[end] !== QUOTE; end++) if (body[end] === BACKSLASH) end++;
  return end;
}
