import { ByteWriter } from "./byte-writer.ts";

export const BUNDLE_VERSION = 1;

/** All parts of a segment, one after the other: how many of each kind, their lengths, their bytes. */
export function writeBundle(
  pages: readonly Uint8Array[],
  terms: readonly Uint8Array[],
  rows: readonly Uint8Array[],
): Uint8Array {
  const parts = [...pages, ...terms, ...rows];
  const out = new ByteWriter(parts.reduce((sum, part) => sum + part.length + 4, 16));
  out.byte(BUNDLE_VERSION);
  for (const kind of [pages, terms, rows]) out.varint(kind.length);
  for (const part of parts) out.varint(part.length);
  for (const part of parts) out.raw(part);
  return out.finish();
}
