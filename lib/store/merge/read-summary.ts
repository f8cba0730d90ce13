import { NANOS_PER_HOUR } from "../../model/time.ts";
import { ByteReader } from "../segment/byte-reader.ts";
import { MAX_MERGED_PARTS, MERGE_LIMITS } from "./limits.ts";
import { SUMMARY_VERSION } from "./merged-format.ts";
import type { HourSummary, MergedHead } from "./types.ts";

const ID_BYTES = 16;
/** More than an item takes. */
const MAX_MERGED = 2 ** 16;
const MAX_HOUR = 2 ** 32;

export function readSummary(bytes: Uint8Array): HourSummary {
  const reader = ByteReader.open("summary", bytes, SUMMARY_VERSION);
  const hour = reader.count(MAX_HOUR, "as hour");
  const isClosed = reader.byte() !== 0;
  const mark = reader.varint();
  const markLate = reader.varint();
  const merged = readHeads(reader, hour);
  const mergedLate = readHeads(reader, hour);
  reader.close();
  return { hour, isClosed, mark, merged, markLate, mergedLate };
}

const readHeads = (reader: ByteReader, hour: number): MergedHead[] =>
  Array.from({ length: reader.count(MAX_MERGED, "merged segments") }, () => readMergedHead(reader, hour));

function readMergedHead(reader: ByteReader, hour: number): MergedHead {
  const id = Buffer.from(reader.raw(ID_BYTES)).toString("hex");
  const spans = reader.varint();
  const cutSpans = reader.varint();
  const minStart = BigInt(hour) * NANOS_PER_HOUR + BigInt(reader.varint());
  const maxStart = minStart + BigInt(reader.varint());
  const minDuration = reader.uint64();
  const maxDuration = reader.uint64();
  const kinds = reader.byte();
  const minAt = reader.varint();
  const maxAt = minAt + reader.varint();
  return {
    ...{ id, spans, cutSpans, minStart, maxStart, minDuration, maxDuration, kinds, minAt, maxAt },
    inputs: reader.count(MERGE_LIMITS.inputs, "inputs"),
    inputParts: reader.count(MERGE_LIMITS.inputs, "parts of the table of inputs"),
    termParts: reader.count(MAX_MERGED_PARTS, "term parts"),
    traceParts: reader.count(MAX_MERGED_PARTS, "trace parts"),
  };
}
