import { hash } from "node:crypto";
import { invalid } from "../model/errors.ts";
import { skipUnknown } from "../otlp/check-attribute.ts";
import { BYTES, field, VARINT, Wire } from "../otlp/wire.ts";

/** What the Kinesis Producer Library begins a record with that holds several ("KPL Aggregated Record Format"). */
const MAGIC = Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2);
/** After the message: the MD5 of it. */
const DIGEST_BYTES = 16;

/** Whether it says that it holds several records. OTLP never begins so: it would be a group, of a field far beyond any. */
export const isAggregated = (data: Uint8Array): boolean => MAGIC.every((byte, i) => data[i] === byte);

/** Throws invalid_argument when an aggregated record is not what its producer made. */
export function checkDigest(data: Uint8Array): void {
  const { body, digest } = partsOf(data);
  if (!hash("md5", body, "buffer").equals(digest)) throw invalid("aggregated record: its MD5 is not that of its bytes");
}

/** The records in an aggregated one, in their order, uncopied. Throws invalid_argument where it is malformed. */
export function* userRecords(data: Uint8Array): Generator<Uint8Array> {
  const wire = new Wire(partsOf(data).body);
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(3, BYTES)) yield userRecord(wire);
    else if (tag === field(1, BYTES) || tag === field(2, BYTES)) wire.pos = wire.end();
    else skipUnknown(wire, tag, 1, 3);
  }
}

function partsOf(data: Uint8Array): { readonly body: Uint8Array; readonly digest: Uint8Array } {
  const end = data.length - DIGEST_BYTES;
  if (end < MAGIC.length) throw invalid(`aggregated record of ${data.length} bytes: its MD5 is cut off`);
  return { body: data.subarray(MAGIC.length, end), digest: data.subarray(end) };
}

/** The `data` of a Record message; keys and tags are for others. */
function userRecord(wire: Wire): Uint8Array {
  const outer = wire.enter();
  let data: Uint8Array | undefined;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(3, BYTES)) {
      const end = wire.end();
      data = wire.bytes.subarray(wire.pos, end);
      wire.pos = end;
    } else if (tag === field(1, VARINT) || tag === field(2, VARINT)) wire.varint();
    else if (tag === field(4, BYTES)) wire.pos = wire.end();
    else skipUnknown(wire, tag, 1, 4);
  }
  wire.leave(outer);
  if (data === undefined) throw invalid("aggregated record: a record in it has no data");
  return data;
}
