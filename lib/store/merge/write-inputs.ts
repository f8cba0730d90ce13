import { TracingError } from "../../model/errors.ts";
import { NANOS_PER_HOUR } from "../../model/time.ts";
import { ByteWriter } from "../segment/byte-writer.ts";
import { writeStream } from "../segment/streams.ts";
import type { MergeLimits } from "./limits.ts";
import { BODIES, INPUTS_VERSION, IS_LATE } from "./merged-format.ts";
import type { MergedInput } from "./types.ts";
import { bodyOf } from "./write-merged-traces.ts";

/** What an input takes before compression, and each service that it may hold. */
const BYTES_PER_INPUT = 64;
const BYTES_PER_SERVICE = 8;

/** The table of inputs, in as many parts as it needs; each stands on its own. @param inputs of one hour, in their order */
export function writeMergedInputs(inputs: readonly MergedInput[], limits: MergeLimits): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  let bytes = 0;
  for (const [n, { head }] of inputs.entries()) {
    const own = BYTES_PER_INPUT + BYTES_PER_SERVICE * (head.serviceHashes?.size ?? 0);
    if (n > from && bytes + own > limits.inputPartBytes) {
      parts.push(writePart(inputs.slice(from, n), limits));
      from = n;
      bytes = 0;
    }
    bytes += own;
  }
  parts.push(writePart(inputs.slice(from), limits));
  return parts;
}

function writePart(inputs: readonly MergedInput[], { itemBytes }: MergeLimits): Uint8Array {
  const hour = inputs[0]?.hour ?? 0;
  const services = [...new Set(inputs.flatMap(({ head }) => [...(head.serviceHashes ?? [])]))].sort((a, b) => a - b);
  const numberOf = new Map(services.map((hash, n) => [hash, n]));
  const ids = new ByteWriter(inputs.length * 16);
  const facts = new ByteWriter(inputs.length * BYTES_PER_INPUT);
  let lastAt = 0;
  for (const { head, at, isLate } of inputs) {
    ids.raw(Buffer.from(head.segment, "hex"));
    facts.varint(at - lastAt);
    lastAt = at;
    facts.byte(BODIES.indexOf(bodyOf(head.body)) + (isLate ? IS_LATE : 0));
    for (const count of [head.spans, head.traces, head.cutSpans, head.pages, head.termParts, head.rowParts])
      facts.varint(count);
    const hourStart = BigInt(hour) * NANOS_PER_HOUR;
    facts.varint(Number(head.minStart - hourStart));
    facts.varint(Number(head.maxStart - head.minStart));
    facts.uint64(head.minDuration);
    facts.uint64(head.maxDuration);
    facts.byte(head.kinds);
    writeServices(facts, head.serviceHashes, numberOf);
  }
  const out = new ByteWriter(inputs.length * BYTES_PER_INPUT);
  out.byte(INPUTS_VERSION);
  out.varint(hour);
  out.varint(inputs.length);
  out.raw(ids.view());
  const names = new ByteWriter();
  names.varint(services.length);
  let last = 0;
  for (const hash of services) {
    names.varint(hash - last);
    last = hash;
  }
  writeStream(out, names.view());
  writeStream(out, facts.view());
  if (out.length > itemBytes)
    throw new TracingError("internal", `table of inputs: ${out.length} bytes, expected at most ${itemBytes}`);
  return out.finish();
}

/** How many and 1, then their numbers, each as how many lie between it and the one before; 0 when any may be inside. */
function writeServices(
  out: ByteWriter,
  hashes: ReadonlySet<number> | undefined,
  numberOf: ReadonlyMap<number, number>,
): void {
  out.varint(hashes === undefined ? 0 : hashes.size + 1);
  let next = 0;
  for (const number of [...(hashes ?? [])].map((hash) => numberOf.get(hash) as number).sort((a, b) => a - b)) {
    out.varint(number - next);
    next = number + 1;
  }
}
