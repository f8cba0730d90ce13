import { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { compress } from "./kept-compressor.ts";
import { inflate, inflateShared } from "./kept-decompressor.ts";

/** Level 6 would make pages an eighth smaller, and take as long for it as for all else that is made of a span. */
const LEVEL = 3;

/** For what is all that a plan brings where little is sent, and pays for what its item is rounded up to: there is time for the most that zstd can do. */
export const SMALL_LEVEL = 19;
/** A segment of fewer is one of those. */
export const SMALL_ROWS = 128;

/** Below this no run of bytes gets smaller by more than its frame's own overhead. */
const MIN_COMPRESSED_BYTES = 24;

/** Inflates a frame that must hold exactly `length` bytes; never inflates more. */
function decompress(reader: ByteReader, frame: Uint8Array, length: number, by = inflate): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = by(frame, length);
  } catch (cause) {
    throw Object.assign(reader.fault("a compressed run cannot be inflated"), { cause });
  }
  if (bytes.length !== length) throw reader.fault(`a compressed run has ${bytes.length} bytes, expected ${length}`);
  return bytes;
}

/**
 * A run of alike bytes, compressed if that makes it smaller: varint(length << 1 | is compressed) [varint(frame)] bytes.
 *
 * @param mayBeNoise whether bytes that look like noise have nothing in common, so that compressing them is in vain
 */
export function writeStream(out: ByteWriter, bytes: Uint8Array, mayBeNoise = false, level = LEVEL): void {
  const isLeft = bytes.length < MIN_COMPRESSED_BYTES || (mayBeNoise && looksLikeNoise(bytes));
  const frame = isLeft ? bytes : compress(bytes, level);
  if (frame.length + 2 < bytes.length) {
    out.varint(bytes.length * 2 + 1);
    out.varint(frame.length);
    out.raw(frame);
  } else {
    out.varint(bytes.length * 2);
    out.raw(bytes);
  }
}

/** Fewer bytes do not tell noise from anything else, and more tell no more. */
const NOISE_SAMPLE = 1024;
/** How much more often two bytes of it are alike than by chance: a frame would be smaller by a hundredth. */
const NOISE_EXCESS = 1.08;
const counts = new Uint32Array(256);

/** Whether its bytes, looked at one by one, are as different as random ones; a call of zstd takes twenty times as long. */
function looksLikeNoise(bytes: Uint8Array): boolean {
  if (bytes.length < NOISE_SAMPLE) return false;
  const step = bytes.length / NOISE_SAMPLE;
  counts.fill(0);
  let pairs = 0;
  for (let i = 0; i < NOISE_SAMPLE; i++) {
    const byte = bytes[Math.floor(i * step)] as number;
    const before = counts[byte] as number;
    pairs += before;
    counts[byte] = before + 1;
  }
  return pairs * 256 * 2 < NOISE_SAMPLE * (NOISE_SAMPLE - 1) * NOISE_EXCESS;
}

/** @param mostBytes what the caller is prepared to hold */
export function readStream(reader: ByteReader, mostBytes: number): ByteReader {
  const { length, frame, isCompressed } = nextRun(reader, mostBytes);
  return new ByteReader(reader.part, isCompressed ? decompress(reader, frame, length) : frame);
}

/** Passes a run. What the result then reads of it is valid until another one is read. */
export function passStream(reader: ByteReader, mostBytes: number): () => ByteReader {
  const { length, frame, isCompressed } = nextRun(reader, mostBytes);
  return () => new ByteReader(reader.part, isCompressed ? decompress(reader, frame, length, inflateShared) : frame);
}

function nextRun(reader: ByteReader, mostBytes: number) {
  const head = reader.count(mostBytes * 2 + 1, "bytes and a flag");
  const length = Math.floor(head / 2);
  const isCompressed = head % 2 === 1;
  return { length, isCompressed, frame: reader.raw(isCompressed ? reader.varint() : length) };
}
