import { gunzipSync, inflateSync } from "node:zlib";
import { invalid, TracingError } from "../model/errors.ts";
import { uint32At } from "../otlp/wire.ts";
import { checkDigest, isAggregated, userRecords } from "./aggregated-record.ts";

/**
 * All that one record holds, decompressed: half a plan. A Collector writes a resource's spans of one batch as one record:
 * its usual 8,192 are some 5 MB, and a record of a mebibyte seldom holds more than ten times its size.
 */
export const MAX_FOREIGN_BYTES = 16 * 1024 * 1024;

/** Where those that cannot be read are set aside, apart from our own: the indexer of these may write nowhere else. */
export const FOREIGN_QUARANTINE_PREFIX = "foreign/";

/**
 * zlib does not say how much it holds. It is taken for so many times its size when plans are made, and holds it to that:
 * spans that are alike but for ids and times come to 80. Deflate's own limit, 1,032, would leave a plan eight records.
 */
const MAX_ZLIB_EXPANSION = 128;

/** A header of ten bytes, an empty block of two, and a trailer of eight (RFC 1952). */
const MIN_GZIP_BYTES = 20;
/** What the inflater is given beyond what it is to fill, so that it need not ask for more to see that nothing follows. */
const ROOM = 64;
const ZLIB_CHUNK_BYTES = 64 * 1024;

/**
 * What a record of the foreign stream may hold decompressed, at most; bytes. Found without decompressing: a gzip member
 * ends with its size, and is held to it. Throws invalid_argument when it is more than {@link MAX_FOREIGN_BYTES}, or the
 * record is malformed.
 */
export function foreignSize(data: Uint8Array): number {
  let size = 0;
  for (const message of messagesIn(data)) size += sizeOf(message);
  return Math.min(size, MAX_FOREIGN_BYTES);
}

/**
 * The TracesData messages that a record of the foreign stream holds: one, or those of a KPL aggregate, each plain, gzip or
 * zlib. What they hold is not checked. Throws invalid_argument when the record is malformed or holds more than
 * {@link foreignSize} says.
 */
export function decodeForeign(data: Uint8Array): readonly Uint8Array[] {
  if (isAggregated(data)) checkDigest(data);
  const messages: Uint8Array[] = [];
  let left = MAX_FOREIGN_BYTES;
  for (const message of messagesIn(data)) {
    const raw = decompressed(message, left);
    left -= raw.length;
    if (raw.length > 0) messages.push(raw);
  }
  return messages;
}

const messagesIn = (data: Uint8Array): Iterable<Uint8Array> => (isAggregated(data) ? userRecords(data) : [data]);

type Packing = "gzip" | "zlib" | "none";

/** A tag of OTLP's is 0a: neither header can begin a message that has spans. */
function packingOf(message: Uint8Array): Packing {
  const [first, second] = message;
  if (first === 0x1f && second === 0x8b) return "gzip";
  // Deflate with a window of 32 KiB and no dictionary; the two bytes as one number are a multiple of 31 (RFC 1950).
  if (first === 0x78 && second !== undefined && (second & 0x20) === 0 && (0x7800 + second) % 31 === 0) return "zlib";
  return "none";
}

/** At most so many bytes, decompressed. */
function sizeOf(message: Uint8Array): number {
  switch (packingOf(message)) {
    case "gzip":
      return withinCeiling(gzipSize(message), "gzip");
    case "zlib":
      return Math.min(message.length * MAX_ZLIB_EXPANSION, MAX_FOREIGN_BYTES);
    case "none":
      return withinCeiling(message.length, "record");
  }
}

/** The last four bytes of a member: what it was made from, modulo 2^32. */
function gzipSize(message: Uint8Array): number {
  if (message.length < MIN_GZIP_BYTES) throw invalid(`gzip of ${message.length} bytes: it is cut off`);
  return uint32At(message, message.length - 4);
}

function withinCeiling(bytes: number, what: string): number {
  if (bytes > MAX_FOREIGN_BYTES) throw invalid(`${what} of ${bytes} bytes: expected at most ${MAX_FOREIGN_BYTES}`);
  return bytes;
}

/** @param left what the record may still hold, bytes */
function decompressed(message: Uint8Array, left: number): Uint8Array {
  const size = sizeOf(message);
  const packing = packingOf(message);
  const most = Math.min(size, left);
  if (packing !== "zlib" && size > left)
    throw invalid(`record holds more than ${MAX_FOREIGN_BYTES} bytes, all its messages together`);
  if (packing === "none") return message;
  if (packing === "zlib") return inflated(() => inflateSync(message, inflaterOptions(most, ZLIB_CHUNK_BYTES)), "zlib");
  const raw = inflated(() => gunzipSync(message, inflaterOptions(most, most)), "gzip");
  // More members than one would say less than they hold, and a plan might be too large.
  if (raw.length !== size) throw invalid(`gzip says that it holds ${size} bytes: it holds ${raw.length}`);
  return raw;
}

const inflaterOptions = (most: number, chunkBytes: number) => ({
  maxOutputLength: Math.max(1, most),
  chunkSize: Math.min(most, chunkBytes) + ROOM,
});

function inflated(inflate: () => Buffer, format: Packing): Uint8Array {
  try {
    return inflate();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TracingError("invalid_argument", `record: its ${format} cannot be read (${reason})`, { cause });
  }
}
