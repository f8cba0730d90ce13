import { Parts } from "../../model/parts.ts";
import { TracesOut } from "../../otlp/traces-out.ts";
import { BYTES, field, Wire } from "../../otlp/wire.ts";
import { type ResourceOut, resourceAttributes, writeJaegerSpan } from "../to-otlp.ts";
import { type ProcessAt, processAt, readProcess, readSpan } from "./read-span.ts";

/**
 * TracesData bytes of a `jaeger.api_v2.PostSpansRequest` (jaeger-idl, proto/api_v2/collector.proto); empty when it has no
 * spans. A span's own process counts before the batch's. Throws invalid_argument, with the offset, on other bytes.
 */
export function jaegerPostSpansToOtlp(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const batches: Batches = { out: new TracesOut(), parts: new Parts(), wire: new Wire(bytes) };
  const { out, wire } = batches;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) readBatch(batches);
    else wire.skip(tag);
  }
  return out.finish();
}

/** The request as it is being read. */
interface Batches {
  readonly wire: Wire;
  readonly out: TracesOut;
  readonly parts: Parts;
}

function readBatch(batches: Batches): void {
  const { wire, out, parts } = batches;
  const at = wire.pos;
  const outer = wire.enter();
  // The batch's process stands after its spans.
  const shared = out.resource(`batch ${at}`);
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) {
      if (isBlank(wire)) continue;
      const { span, process } = readSpan(wire, parts);
      writeJaegerSpan(process === undefined ? shared : resourceOf(batches, process), span);
    } else if (tag === field(2, BYTES)) describe(batches, shared, processAt(wire));
    else wire.skip(tag);
  }
  wire.leave(outer);
}

/** An empty span says nothing, and must not cost twenty times its two bytes. Moves over it. */
function isBlank(wire: Wire): boolean {
  if (wire.bytes[wire.pos] !== 0) return false;
  wire.pos = wire.end();
  return true;
}

/** Spans whose process is the same to the byte share a resource. */
function resourceOf(batches: Batches, process: ProcessAt): ResourceOut {
  const { wire, out } = batches;
  const key = Buffer.from(wire.bytes.subarray(process.start, process.end)).toString("latin1");
  const known = out.resource(`process ${key}`);
  if (known.attributes.length === 0) describe(batches, known, process);
  return known;
}

function describe({ wire, parts }: Batches, resource: ResourceOut, { start, end }: ProcessAt): void {
  resource.attributes = resourceAttributes(readProcess(new Wire(wire.bytes, start, end), parts));
}
