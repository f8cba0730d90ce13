import { NANOS_PER_HOUR } from "../../model/time.ts";
import { ByteReader } from "./byte-reader.ts";
import { readBundle } from "./read-bundle.ts";
import { operationTerm, serviceTerm } from "./term-hash.ts";
import type { Head } from "./types.ts";
import { BUNDLED_BODY, HEAD_HASH_BITS, HEAD_VERSION, INLINE_BODY, PARTS_BODY } from "./write-head.ts";

const SEGMENT_BYTES = 16;
const MAX_HASHES = 4096;

export function readHead(bytes: Uint8Array): Head {
  const reader = ByteReader.open("head", bytes, HEAD_VERSION);
  const segment = Buffer.from(reader.raw(SEGMENT_BYTES)).toString("hex");
  const shardId = reader.text();
  const last = reader.text();
  const spans = reader.varint();
  const traces = reader.varint();
  const cutSpans = reader.varint();
  const hourStart = BigInt(reader.varint()) * NANOS_PER_HOUR;
  const minStart = hourStart + BigInt(reader.varint());
  const maxStart = hourStart + BigInt(reader.varint());
  const minDuration = reader.uint64();
  const maxDuration = reader.uint64();
  const kinds = reader.byte();
  const services = readHashes(reader);
  const operations = readHashes(reader);
  const pages = reader.varint();
  const termParts = reader.varint();
  const rowParts = reader.varint();
  return {
    segment,
    shardId,
    last,
    spans,
    traces,
    cutSpans,
    minStart,
    maxStart,
    minDuration,
    maxDuration,
    kinds,
    serviceHashes: services,
    mayHoldService: (service) => mayHoldHash(services, serviceTerm(service)),
    mayHoldOperation: (service, operation) => mayHoldHash(operations, operationTerm(service, operation)),
    pages,
    termParts,
    rowParts,
    body: readBody(reader),
  };
}

/** Undefined: any may be inside. */
function readHashes(reader: ByteReader): ReadonlySet<number> | undefined {
  const count = reader.count(MAX_HASHES, "hashes") - 1;
  if (count < 0) return undefined;
  const hashes = new Set<number>();
  let hash = 0;
  for (let i = 0; i < count; i++) {
    hash += reader.varint();
    hashes.add(hash);
  }
  return hashes;
}

/** @param hashes upper bits of terms; undefined: any may be inside */
export const mayHoldHash = (hashes: ReadonlySet<number> | undefined, hash: number): boolean =>
  hashes?.has(hash >>> (32 - HEAD_HASH_BITS)) ?? true;

function readBody(reader: ByteReader): Head["body"] {
  const kind = reader.byte();
  if (kind === INLINE_BODY) return readBundle(reader.raw(reader.bytes.length - reader.pos));
  reader.close();
  if (kind === BUNDLED_BODY) return "bundled";
  if (kind === PARTS_BODY) return "parts";
  throw reader.fault(`body ${kind} is not known`);
}
