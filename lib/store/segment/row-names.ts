import { MAX_NAME_BYTES } from "../bounded-name.ts";
import type { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { PART_ROWS, type SegmentLimits } from "./limits.ts";
import type { SegmentSpans } from "./segment-spans.ts";
import type { RowsPart } from "./types.ts";

/** So many operations as a part has rows fit with names of this length. */
const MIN_NAME_BYTES = 8;
/** The columns of a part's rows take less than half of an item even if nothing compresses. */
const NAMES_SHARE = 1 / 3;

/**
 * Names of services and operations of a part, in the order of their numbers in the part. Long ones are cut, and shorter
 * ones when all of a part would be too many: rows must fit their item, whatever spans are called.
 *
 * @param operations numbers within the segment
 */
export function writeNames(spans: SegmentSpans, operations: readonly number[], limits: SegmentLimits): Uint8Array {
  for (let most = MAX_NAME_BYTES; ; most /= 2) {
    const names = namesCutAt(spans, operations, most);
    if (most <= MIN_NAME_BYTES || names.length <= limits.itemBytes * NAMES_SHARE) return names;
  }
}

function namesCutAt(spans: SegmentSpans, operations: readonly number[], most: number): Uint8Array {
  const out = new ByteWriter();
  const services = new Map<number, number>();
  for (const operation of operations) {
    const service = spans.operations.service[operation] as number;
    if (!services.has(service)) services.set(service, services.size);
  }
  out.varint(services.size);
  for (const service of services.keys()) writeName(out, spans.services[service] as string, most);
  out.varint(operations.length);
  for (const operation of operations) {
    out.varint(services.get(spans.operations.service[operation] as number) ?? 0);
    writeName(out, spans.operations.name[operation] as string, most);
  }
  return out.view();
}

/** varint(bytes << 1 | is cut), then UTF-8. */
function writeName(out: ByteWriter, name: string, most: number): void {
  const bytes = Buffer.from(name);
  let length = Math.min(bytes.length, most);
  // Never in the middle of a character.
  while (length < bytes.length && length > 0 && ((bytes[length] as number) & 0xc0) === 0x80) length--;
  out.varint(length * 2 + (length < bytes.length ? 1 : 0));
  out.raw(bytes.subarray(0, length));
}

export interface RowNames {
  readonly operations: RowsPart["operations"];
  /** Per operation: the service's number within the part. */
  readonly service: readonly number[];
}

export function readNames(reader: ByteReader): RowNames {
  const services = Array.from({ length: reader.count(PART_ROWS, "services") }, () => readName(reader));
  const service: number[] = [];
  const operations = Array.from({ length: reader.count(PART_ROWS, "operations") }, () => {
    const number = reader.varint();
    const own = services[number];
    if (own === undefined) throw reader.fault(`service ${number} of ${services.length}`);
    service.push(number);
    const name = readName(reader);
    return { service: own.text, operation: name.text, isCut: own.isCut || name.isCut };
  });
  reader.close();
  return { operations, service };
}

function readName(reader: ByteReader): { readonly text: string; readonly isCut: boolean } {
  const head = reader.varint();
  const bytes = reader.raw(Math.floor(head / 2));
  return { text: Buffer.from(bytes).toString(), isCut: head % 2 === 1 };
}
