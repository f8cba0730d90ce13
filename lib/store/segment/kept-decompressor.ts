import { constants, createZstdDecompress, zstdDecompressSync } from "node:zlib";
import { keptStream } from "./kept-stream.ts";

/** What is lent at most: a page's spans are half of it. */
const MOST_BYTES = 512 * 1024;
/** Of longer runs the inflating itself takes most, and what comes out would have to be copied. */
const MOST_COPIED_BYTES = 128 * 1024;
/** What comes out is gathered in chunks: one is enough. */
const MAX_PIECE_BYTES = 1024 * 1024;
const CHUNK_ROOM = 128;

type Inflate = (frame: Uint8Array) => Uint8Array;

let kept: Inflate | undefined;

/**
 * What one zstd frame holds: whoever asks knows how many bytes that must be, and checks it. Throws what zlib throws, for
 * more bytes too.
 */
export const inflate = (frame: Uint8Array, length: number): Uint8Array =>
  length > MOST_COPIED_BYTES
    ? inflateOnce(frame, length)
    : Uint8Array.prototype.slice.call(inflateShared(frame, length));

/**
 * The same, valid until the next call of either: a page's spans are as large as what is made of them, and as much again
 * that nobody keeps has V8 collect all of its heap twice as often.
 */
export function inflateShared(frame: Uint8Array, length: number): Uint8Array {
  if (length > MOST_BYTES) return inflateOnce(frame, length);
  kept ??= keptInflater();
  try {
    const bytes = kept(frame);
    if (bytes.length === length) return bytes;
  } catch {
    // It may be the frame's fault, or that of one before it: a fresh one tells.
  }
  // It may stand within a frame.
  kept = undefined;
  return inflateOnce(frame, length);
}

const inflateOnce = (frame: Uint8Array, length: number): Uint8Array =>
  zstdDecompressSync(frame, {
    maxOutputLength: Math.max(length, 1),
    chunkSize: Math.min(length, MAX_PIECE_BYTES) + CHUNK_ROOM,
  });

/**
 * One decompressor for all frames: of twenty short runs, as a question's parts have them, to make a fresh one for each
 * takes six times as long as to inflate them. Where the one before was not at its frame's end, the next frame's first
 * bytes are no block: that is a fault, and a fresh one is asked.
 */
const keptInflater = (): Inflate =>
  keptStream(
    createZstdDecompress({ chunkSize: MOST_BYTES + CHUNK_ROOM, maxOutputLength: MOST_BYTES }),
    constants.ZSTD_e_flush,
  ) ?? ((frame) => inflateOnce(frame, MOST_BYTES));
