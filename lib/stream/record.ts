import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { invalid, TracingError } from "../model/errors.ts";
import type { Regrouped } from "../otlp/regroup.ts";
import { BYTES, FIXED64, uint32At, Wire } from "../otlp/wire.ts";

/** Spans of one tenant that came in one request (proto/skua/v1/record.proto, SpanBatch). */
export interface SpanBatch {
  readonly tenant: string;
  /** When ingest received them; Unix epoch nanoseconds. */
  readonly receivedNanos: bigint;
  /** TracesData. */
  readonly traces: Uint8Array;
}

/** Kinesis counts a record with its partition key; the place is stated beside it, so that the key says nothing. */
export const PARTITION_KEY = "-";
/** Kinesis's default ceiling on a record, key included. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** A record decompressed: what one reader must be ready to hold for one record. */
export const MAX_RAW_BYTES = 4 * 1024 * 1024;
/** Where ingest ends a record: large enough that zstd has found what repeats, small enough that a retry is cheap. */
export const TARGET_RAW_BYTES = 256 * 1024;

const VERSION = 1;
/** Above 3 zstd costs more CPU on ingest than Kinesis's bytes cost. */
const ZSTD_LEVEL = 3;
/** Room for nearly every frame at once: Node's own 16 KiB would be filled three times, and joined. */
const USUAL_FRAME_BYTES = 64 * 1024;
const ZSTD_MAGIC = 0xfd2fb528;

const TENANT = (1 << 3) | BYTES;
const RECEIVED = (2 << 3) | FIXED64;
const TRACES = (3 << 3) | BYTES;

/** A batch on its way into a record. */
type OutgoingBatch = Omit<SpanBatch, "traces"> & { readonly traces: Uint8Array | Regrouped };

/** Throws too_large when the batch passes {@link MAX_RAW_BYTES}, or its record {@link MAX_RECORD_BYTES}. */
export function encodeRecord(batch: OutgoingBatch): Uint8Array {
  const raw = encodeBatch(batch);
  const frame = zstdCompressSync(raw, {
    params: {
      [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
      [constants.ZSTD_c_contentSizeFlag]: 1,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
    pledgedSrcSize: raw.length,
    chunkSize: USUAL_FRAME_BYTES,
  });
  const size = 1 + frame.length + PARTITION_KEY.length;
  if (size > MAX_RECORD_BYTES)
    throw new TracingError("too_large", `record of ${size} bytes compressed: expected at most ${MAX_RECORD_BYTES}`);
  const data = new Uint8Array(1 + frame.length);
  data[0] = VERSION;
  data.set(frame, 1);
  return data;
}

/** How large a record says that it is, decompressed; bytes. Throws invalid_argument when it does not say, or says too much. */
export function declaredSize(data: Uint8Array): number {
  if (data[0] !== VERSION) throw invalid(`record version ${data[0] ?? "missing"}: expected ${VERSION}`);
  if (data.length < 6 || uint32At(data, 1) !== ZSTD_MAGIC) throw invalid("record: expected a zstd frame");
  const size = frameContentSize(data, 5);
  if (size === undefined) throw invalid("record: its zstd frame does not declare its size");
  if (size > MAX_RAW_BYTES) throw invalid(`record declares ${size} bytes: expected at most ${MAX_RAW_BYTES}`);
  return size;
}

/** Throws invalid_argument on whatever is not a record of a known version; never inflates more than was declared. */
export function decodeRecord(data: Uint8Array): SpanBatch {
  const size = declaredSize(data);
  const raw = inflate(data.subarray(1), size);
  if (raw.length !== size) throw invalid(`record declares ${size} bytes: it holds ${raw.length}`);
  return decodeBatch(raw);
}

function inflate(frame: Uint8Array, size: number): Uint8Array {
  try {
    // One chunk with room to spare, or the inflater goes round once for every 16 KiB.
    const raw = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, size), chunkSize: size + 64 });
    return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
  } catch (cause) {
    throw new TracingError("invalid_argument", `record: its zstd frame cannot be read (${reasonOf(cause)})`, { cause });
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Frame_Content_Size of a zstd frame header (RFC 8878, 3.1.1.1); undefined when the frame does not state it. */
function frameContentSize(data: Uint8Array, at: number): number | undefined {
  const descriptor = data[at] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
  const start = at + 1 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  if (sizeBytes === 0 || start + sizeBytes > data.length) return undefined;
  let size = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) size = size * 256 + (data[start + i] as number);
  return sizeBytes === 2 ? size + 256 : size; // two bytes count from 256, as one byte covers what is below
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Where a batch stands until it is compressed: a fresh buffer each time would cost more than filling it. */
let scratch = Buffer.allocUnsafeSlow(2 * TARGET_RAW_BYTES);

/** Valid until the next call. */
function encodeBatch({ tenant, receivedNanos, traces }: OutgoingBatch): Uint8Array {
  const name = encoder.encode(tenant);
  if (name.length === 0) throw invalid("record: tenant is empty");
  const size = 1 + varintSize(name.length) + name.length + 9 + 1 + varintSize(traces.length) + traces.length;
  if (size > MAX_RAW_BYTES)
    throw new TracingError("too_large", `record of ${size} bytes: expected at most ${MAX_RAW_BYTES}`);
  if (size > scratch.length) scratch = Buffer.allocUnsafeSlow(size);
  const bytes = scratch.subarray(0, size);
  bytes[0] = TENANT;
  let at = writeVarint(bytes, 1, name.length);
  bytes.set(name, at);
  at += name.length;
  bytes[at++] = RECEIVED;
  at = bytes.writeBigUInt64LE(receivedNanos, at);
  bytes[at++] = TRACES;
  at = writeVarint(bytes, at, traces.length);
  if ("copyTo" in traces) traces.copyTo(bytes, at);
  else bytes.set(traces, at);
  return bytes;
}

function decodeBatch(raw: Uint8Array): SpanBatch {
  const wire = new Wire(raw);
  let tenant = raw.subarray(0, 0);
  let receivedNanos = 0n;
  let traces = tenant;
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case TENANT:
        tenant = takeBytes(wire);
        break;
      case RECEIVED:
        receivedNanos = new DataView(raw.buffer, raw.byteOffset).getBigUint64(wire.take(8), true);
        break;
      case TRACES:
        traces = takeBytes(wire);
        break;
      default:
        wire.skip(tag);
    }
  }
  if (tenant.length === 0) throw invalid("record: tenant is missing");
  return { tenant: text(tenant), receivedNanos, traces };
}

function takeBytes(wire: Wire): Uint8Array {
  const end = wire.end();
  const taken = wire.bytes.subarray(wire.pos, end);
  wire.pos = end;
  return taken;
}

function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new TracingError("invalid_argument", "record: tenant is not UTF-8", { cause });
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size++;
  return size;
}

function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
