import { constants, createZstdCompress, zstdCompressSync } from "node:zlib";
import { keptStream } from "./kept-stream.ts";

/** Longer runs get a compressor of their own: they are few, and room for a frame of any length would be kept for them. */
const MOST_BYTES = 512 * 1024;
/** A frame is never longer than this: what does not get smaller is stored, with three bytes for each block of 128 KiB. */
const ROOM_BYTES = MOST_BYTES + 4096;

type Compress = (bytes: Uint8Array) => Uint8Array;

const kept = new Map<number, Compress>();

/** One zstd frame that states its content's size; valid until the next call. */
export function compress(bytes: Uint8Array, level: number): Uint8Array {
  if (bytes.length > MOST_BYTES) return compressOnce(bytes, level);
  let own = kept.get(level);
  if (own === undefined) {
    own = keptCompressor(level);
    kept.set(level, own);
  }
  try {
    return own(bytes);
  } catch (error) {
    // It may stand within a frame.
    kept.delete(level);
    throw error;
  }
}

const paramsOf = (level: number) => ({
  [constants.ZSTD_c_compressionLevel]: level,
  [constants.ZSTD_c_contentSizeFlag]: 1,
});

const compressOnce = (bytes: Uint8Array, level: number): Uint8Array =>
  zstdCompressSync(bytes, {
    params: paramsOf(level),
    pledgedSrcSize: bytes.length,
    chunkSize: bytes.length + ROOM_BYTES - MOST_BYTES,
  });

/**
 * One compressor for all frames. A call of zstdCompressSync makes a fresh one and drops it: 30 µs, which is what a short
 * run takes six times over, and a megabyte for the collector to be told of. What it makes is compared with what that
 * call makes, so that a Node whose streams work otherwise only takes longer.
 */
function keptCompressor(level: number): Compress {
  const once: Compress = (bytes) => compressOnce(bytes, level);
  const stream = createZstdCompress({ params: paramsOf(level), chunkSize: ROOM_BYTES });
  const again = keptStream(stream, constants.ZSTD_e_end);
  if (again === undefined) return once;
  const isTrusted = SAMPLES.every((bytes) => Buffer.compare(once(bytes), again(bytes)) === 0);
  return isTrusted ? again : once;
}

/** Some of it repeats; and from the second on there has been one before. */
const SAMPLE = Uint8Array.from({ length: 4000 }, (_, i) => ((i % 61) * (i % 83)) & 0xff);
const SAMPLES = [SAMPLE, SAMPLE.subarray(100), SAMPLE];
