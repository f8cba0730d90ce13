import { isUtf8 } from "node:buffer";

/** Bytes as text; what is not UTF-8 becomes U+FFFD. */
export const utf8 = (bytes: Uint8Array, start: number, end: number): string =>
  start === end ? "" : bufferOver(bytes).toString("utf8", start, end);

/** Whether the bytes are UTF-8, so that they are to the last byte what {@link utf8} of them would encode to. */
export function isText(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  // Four at a time: nearly all text is ASCII, and looking at each byte takes three times as long.
  for (const last = end - 3; i < last; i += 4) {
    const all = (bytes[i] as number) | (bytes[i + 1] as number) | (bytes[i + 2] as number) | (bytes[i + 3] as number);
    if (all >= 0x80) return isUtf8(bytes.subarray(i, end));
  }
  for (; i < end; i++) if ((bytes[i] as number) >= 0x80) return isUtf8(bytes.subarray(i, end));
  return true;
}

export const bufferOver = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
