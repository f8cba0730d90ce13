import { ByteReader } from "../../lib/store/segment/byte-reader.ts";
import { readStream } from "../../lib/store/segment/streams.ts";

/** The hashes of all terms that a part of a segment lists; none when it answers every hash. */
export function segmentHashes(part: Uint8Array): number[] {
  const reader = new ByteReader("terms", part);
  const [, mode] = [reader.byte(), reader.byte()];
  for (const _ of ["rows", "sources", "pages"]) reader.varint();
  if (mode === 1) return [];
  const lows = [...reader.raw(reader.varint())];
  const highs = readStream(reader, 2 ** 24);
  let hash = 0;
  return lows.map((low) => {
    hash += low + highs.varint() * 256;
    return hash;
  });
}
