import type { Attribute } from "../../model/attributes.ts";
import type { Parts } from "../../model/parts.ts";
import { clampNanos } from "../../otlp/micros.ts";
import { readSpanId, readTraceId } from "../../otlp/read-ids.ts";
import { BYTES, fault, field, VARINT, type Wire } from "../../otlp/wire.ts";
import { MAX_INCOMING_SPAN_BYTES, type WideId } from "../../otlp/write-span.ts";
import type { JaegerLog, JaegerProcess, JaegerReference, JaegerSpan } from "../incoming.ts";
import { WARNINGS_KEY } from "../warnings.ts";
import { readKeyValue, readNanos } from "./read-fields.ts";

/** An id that is absent, or empty (jaeger-idl, model/v1/ids.go). */
const ZERO: WideId = { high: 0n, low: 0n };

/** A span and, where it names one, the process that it is of. */
export interface ProtoSpan {
  readonly span: JaegerSpan;
  /** Where its Process message lies; undefined when the batch's counts. */
  readonly process: ProcessAt | undefined;
}

export interface ProcessAt {
  readonly start: number;
  readonly end: number;
}

/** The Span message at the cursor, whose length comes next (jaeger-idl, proto/api_v2/model.proto). */
export function readSpan(wire: Wire, parts: Parts): ProtoSpan {
  const at = wire.pos;
  parts.begin();
  const outer = wire.enter();
  if (wire.limit - wire.pos > MAX_INCOMING_SPAN_BYTES)
    throw fault(at, `span of ${wire.limit - wire.pos} bytes: expected at most ${MAX_INCOMING_SPAN_BYTES}`);
  let traceId = ZERO;
  let spanId = 0n;
  let name = "";
  let flags = 0;
  let startNanos = 0n;
  let durationNanos = 0n;
  let process: ProcessAt | undefined;
  const references: JaegerReference[] = [];
  const tags: Attribute[] = [];
  const logs: JaegerLog[] = [];
  const warnings: string[] = [];
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case field(1, BYTES):
        traceId = readTraceId(wire, 0);
        break;
      case field(2, BYTES):
        spanId = readSpanId(wire);
        break;
      case field(3, BYTES):
        name = wire.text();
        break;
      case field(4, BYTES):
        references.push(readReference(wire, parts));
        break;
      case field(5, VARINT):
        flags = wire.varint();
        break;
      case field(6, BYTES):
        startNanos = readNanos(wire);
        break;
      case field(7, BYTES):
        durationNanos = readNanos(wire);
        break;
      case field(8, BYTES):
        tags.push(readKeyValue(wire, parts));
        break;
      case field(9, BYTES):
        logs.push(readLog(wire, parts));
        break;
      case field(10, BYTES):
        process = processAt(wire);
        break;
      case field(12, BYTES):
        parts.add();
        warnings.push(wire.text());
        break;
      default:
        wire.skip(tag);
    }
  }
  wire.leave(outer);
  if (warnings.length > 0) tags.push(warningsTag(warnings));
  const times = { startNanos: clampNanos(startNanos), endNanos: clampNanos(startNanos + durationNanos) };
  return { span: { traceId, spanId, parentSpanId: 0n, name, references, flags, ...times, tags, logs }, process };
}

/** Remembers where a Process message lies, and moves over it. */
export function processAt(wire: Wire): ProcessAt {
  const end = wire.end();
  const start = wire.pos;
  if (end - start > MAX_INCOMING_SPAN_BYTES)
    throw fault(start, `process of ${end - start} bytes: expected at most ${MAX_INCOMING_SPAN_BYTES}`);
  wire.pos = end;
  return { start, end };
}

/** The cursor stands in a Process message. */
export function readProcess(wire: Wire, parts: Parts): JaegerProcess {
  parts.begin();
  let serviceName = "";
  const tags: Attribute[] = [];
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) serviceName = wire.text();
    else if (tag === field(2, BYTES)) tags.push(readKeyValue(wire, parts));
    else wire.skip(tag);
  }
  return { serviceName, tags };
}

const warningsTag = (warnings: readonly string[]): Attribute => ({
  key: WARNINGS_KEY,
  value: { type: "array", values: warnings.map((value) => ({ type: "string", value })) },
});

function readReference(wire: Wire, parts: Parts): JaegerReference {
  parts.add();
  const outer = wire.enter();
  let traceId = ZERO;
  let spanId = 0n;
  let type = 0;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) traceId = readTraceId(wire, 0);
    else if (tag === field(2, BYTES)) spanId = readSpanId(wire);
    else if (tag === field(3, VARINT)) type = wire.varint();
    else wire.skip(tag);
  }
  wire.leave(outer);
  return { type, traceId, spanId };
}

function readLog(wire: Wire, parts: Parts): JaegerLog {
  parts.add();
  const outer = wire.enter();
  let nanos = 0n;
  const fields: Attribute[] = [];
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) nanos = readNanos(wire);
    else if (tag === field(2, BYTES)) fields.push(readKeyValue(wire, parts));
    else wire.skip(tag);
  }
  wire.leave(outer);
  return { timeNanos: clampNanos(nanos), fields };
}
