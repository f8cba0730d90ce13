import { bufferOver } from "./text.ts";
import { fault, type Wire } from "./wire.ts";
import type { WideId } from "./write-span.ts";

/** The span id at the cursor, whose length comes next: eight bytes, big-endian; an empty one is 0. */
export function readSpanId(wire: Wire): bigint {
  const { at, length } = bytesOf(wire);
  if (length === 0) return 0n;
  if (length !== 8) throw fault(at, `span id of ${length} bytes: expected 8`);
  return bufferOver(wire.bytes).readBigUInt64BE(at);
}

/** The trace id at the cursor, whose length comes next, big-endian. @param shorter how many bytes it may have if not 16; what is missing is 0 */
export function readTraceId(wire: Wire, shorter: 0 | 8): WideId {
  const { at, length } = bytesOf(wire);
  if (length !== 16 && length !== shorter)
    throw fault(at, `trace id of ${length} bytes: expected ${shorter === 0 ? "" : "8 or "}16`);
  const bytes = bufferOver(wire.bytes);
  return {
    high: length === 16 ? bytes.readBigUInt64BE(at) : 0n,
    low: length === 0 ? 0n : bytes.readBigUInt64BE(at + length - 8),
  };
}

function bytesOf(wire: Wire): { readonly at: number; readonly length: number } {
  const end = wire.end();
  const at = wire.pos;
  wire.pos = end;
  return { at, length: end - at };
}
