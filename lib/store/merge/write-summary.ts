import { TracingError } from "../../model/errors.ts";
import { NANOS_PER_HOUR } from "../../model/time.ts";
import { ByteWriter } from "../segment/byte-writer.ts";
import { MERGE_LIMITS } from "./limits.ts";
import { SUMMARY_VERSION } from "./merged-format.ts";
import type { HourSummary, MergedHead } from "./types.ts";

/** @throws TracingError "too_large" if it is more than an item takes: then merged segments have to be merged first */
export function writeSummary(summary: HourSummary, itemBytes: number = MERGE_LIMITS.itemBytes): Uint8Array {
  const out = new ByteWriter(1024);
  out.byte(SUMMARY_VERSION);
  out.varint(summary.hour);
  out.byte(summary.isClosed ? 1 : 0);
  out.varint(summary.mark);
  out.varint(summary.markLate);
  for (const merged of [summary.merged, summary.mergedLate]) {
    out.varint(merged.length);
    for (const head of merged) writeMergedHead(out, head, summary.hour);
  }
  if (out.length > itemBytes)
    throw new TracingError(
      "too_large",
      `summary of hour ${summary.hour}: ${out.length} bytes, expected at most ${itemBytes}`,
    );
  return out.finish();
}

function writeMergedHead(out: ByteWriter, head: MergedHead, hour: number): void {
  out.raw(Buffer.from(head.id, "hex"));
  out.varint(head.spans);
  out.varint(head.cutSpans);
  out.varint(Number(head.minStart - BigInt(hour) * NANOS_PER_HOUR));
  out.varint(Number(head.maxStart - head.minStart));
  out.uint64(head.minDuration);
  out.uint64(head.maxDuration);
  out.byte(head.kinds);
  out.varint(head.minAt);
  out.varint(head.maxAt - head.minAt);
  for (const count of [head.inputs, head.inputParts, head.termParts, head.traceParts]) out.varint(count);
}
