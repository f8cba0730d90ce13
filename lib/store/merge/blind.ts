import type { ByteReader } from "../segment/byte-reader.ts";
import type { ByteWriter } from "../segment/byte-writer.ts";
import type { BlindRange } from "./pieces.ts";

/** More than an item takes. */
const MAX_RANGES = 2 ** 17;

/** @param ranges ascending by input */
export function writeBlind(out: ByteWriter, ranges: readonly BlindRange[]): void {
  out.varint(ranges.length);
  let last = 0;
  for (const { input, from, to } of ranges) {
    out.varint(input - last);
    out.uint32(from);
    out.uint32(to);
    last = input;
  }
}

/** @param inputs that there are */
export function readBlind(reader: ByteReader, inputs: number): BlindRange[] {
  const ranges: BlindRange[] = [];
  let input = 0;
  for (let left = reader.count(MAX_RANGES, "ranges"); left > 0; left--) {
    input += reader.varint();
    const from = reader.uint32();
    const to = reader.uint32();
    if (input >= inputs || from > to) throw reader.fault(`range of input ${input}, hashes ${from} to ${to}`);
    ranges.push({ input, from, to });
  }
  return ranges;
}
