import { createHash } from "node:crypto";
import { invalid } from "../model/errors.ts";

/** A time, milliseconds since the epoch. */
export const AT_BYTES = 8;
export const SEGMENT_BYTES = 16;
export const HOUR_BYTES = 4;

/** A partition key is at most 2,048 bytes; two names of this many UTF-16 units, 3 bytes each, and their digests fit. */
const MAX_PART_UNITS = 300;
/** A sort key is at most 1,024 bytes. */
const MAX_NAME_BYTES = 900;

/** A partition key: a letter for the kind, and what it is of. */
export const pk = (kind: string, ...parts: readonly (string | number)[]): string =>
  [kind, ...parts.map((part) => (typeof part === "number" ? part : boundedText(part)))].join("#");

/** Names may hold any character: what separates parts is escaped, and of a long one all but the beginning becomes a digest. */
function boundedText(text: string): string {
  const escaped = text.toWellFormed().replaceAll("%", "%25").replaceAll("#", "%23");
  if (escaped.length <= MAX_PART_UNITS) return escaped;
  return `${escaped.slice(0, MAX_PART_UNITS).toWellFormed()}%~${digest(text).toString("hex")}`;
}

/** A shortened name is longer than any that is left whole, so the two are never confused. */
export function boundedBytes(name: string): Buffer {
  const bytes = Buffer.from(name);
  return bytes.length <= MAX_NAME_BYTES ? bytes : Buffer.concat([bytes.subarray(0, MAX_NAME_BYTES), digest(name)]);
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** After every key that begins as this one does: no key has a longer tail. */
export const END = Buffer.alloc(SEGMENT_BYTES + HOUR_BYTES + AT_BYTES, 0xff);

export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(HOUR_BYTES);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function number64(value: number): Buffer {
  const bytes = Buffer.alloc(AT_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Throws TracingError invalid_argument when it has another length. */
export function exactly(sk: Uint8Array, length: number, what: string): Buffer {
  if (sk.length !== length) throw invalid(`sort key of ${sk.length} bytes: expected ${length} of a ${what}`);
  return Buffer.from(sk.buffer, sk.byteOffset, sk.byteLength);
}
