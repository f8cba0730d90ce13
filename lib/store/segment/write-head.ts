import { NANOS_PER_HOUR } from "../../model/time.ts";
import { durationRange } from "../hour-offsets.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { SegmentSpans } from "./segment-spans.ts";
import { operationTerm, serviceTerm } from "./term-hash.ts";
import type { SegmentId } from "./types.ts";

export const HEAD_VERSION = 1;

export const INLINE_BODY = 0;
export const BUNDLED_BODY = 1;
export const PARTS_BODY = 2;

/** Upper bits of a hash that a head keeps: of a thousand operations one in 16,000 absent ones seems to be there. */
export const HEAD_HASH_BITS = 24;

/** Hashes take 3 bytes each; more of them would not leave a head below its limit, and the head says that any may be inside. */
const MAX_SERVICES = 200;
const MAX_OPERATIONS = 700;

/** What a head says of its segment besides what its spans tell. */
export interface HeadFacts {
  readonly segment: SegmentId;
  readonly shardId: string;
  readonly last: string;
  readonly pages: number;
  readonly termParts: number;
  readonly rowParts: number;
  readonly cutSpans: number;
  readonly body: Uint8Array | "bundled" | "parts";
}

export function writeHead(spans: SegmentSpans, facts: HeadFacts): Uint8Array {
  const out = new ByteWriter(1024);
  out.byte(HEAD_VERSION);
  out.raw(Buffer.from(facts.segment, "hex"));
  out.text(facts.shardId);
  out.text(facts.last);
  out.varint(spans.tableRow.length);
  out.varint(spans.traceHash.length);
  out.varint(facts.cutSpans);
  writeRanges(out, spans);
  writeHashes(out, spans.services.map(serviceTerm), MAX_SERVICES);
  writeHashes(
    out,
    spans.operations.name.map((name, i) =>
      operationTerm(spans.services[spans.operations.service[i] as number] as string, name),
    ),
    MAX_OPERATIONS,
  );
  out.varint(facts.pages);
  out.varint(facts.termParts);
  out.varint(facts.rowParts);
  if (facts.body === "bundled") out.byte(BUNDLED_BODY);
  else if (facts.body === "parts") out.byte(PARTS_BODY);
  else {
    out.byte(INLINE_BODY);
    out.raw(facts.body);
  }
  return out.finish();
}

/** Rows are newest first, so the ends are the extremes of starts. */
function writeRanges(out: ByteWriter, { plan, hour, tableRow }: SegmentSpans): void {
  const startOf = (row: number): bigint => plan.startNanos[tableRow[row] as number] as bigint;
  const hourStart = BigInt(hour) * NANOS_PER_HOUR;
  const [least, most] = durationRange(plan, tableRow, 0, tableRow.length);
  let kinds = 0;
  for (const row of tableRow) kinds |= 1 << (plan.table.kind[row] as number);
  out.varint(hour);
  out.varint(Number(startOf(tableRow.length - 1) - hourStart));
  out.varint(Number(startOf(0) - hourStart));
  out.uint64(least);
  out.uint64(most);
  out.byte(kinds);
}

/** How many and 1, then ascending, each as its distance from the one before; 0 when there are more than `most`. */
function writeHashes(out: ByteWriter, hashes: readonly number[], most: number): void {
  const sorted = [...new Set(hashes.map((hash) => hash >>> (32 - HEAD_HASH_BITS)))].sort((a, b) => a - b);
  if (sorted.length > most) {
    out.varint(0);
    return;
  }
  out.varint(sorted.length + 1);
  let last = 0;
  for (const hash of sorted) {
    out.varint(hash - last);
    last = hash;
  }
}
