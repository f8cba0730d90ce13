import { microsToNanos } from "../../otlp/micros.ts";
import { MAX_INCOMING_SPAN_BYTES } from "../../otlp/write-span.ts";
import type { ThriftReader } from "../../thrift/reader.ts";
import { checkRequired, type Required } from "../../thrift/required.ts";
import { BINARY, field, I32, I64, LIST } from "../../thrift/types.ts";
import type { JaegerLog, JaegerReference, JaegerSpan } from "../incoming.ts";
import { readTags } from "./read-tag.ts";

const SPAN: Required = {
  struct: "Span",
  names: [
    ...[undefined, "traceIdLow", "traceIdHigh", "spanId", "parentSpanId", "operationName", undefined],
    ...["flags", "startTime", "duration"],
  ],
};
const LOG: Required = { struct: "Log", names: [undefined, "timestamp", "fields"] };
const REFERENCE: Required = { struct: "SpanRef", names: [undefined, "refType", "traceIdLow", "traceIdHigh", "spanId"] };

/** The Span struct at the cursor (jaeger-idl, thrift/jaeger.thrift). */
export function readSpan(reader: ThriftReader): JaegerSpan {
  const start = reader.pos;
  let low = 0n;
  let high = 0n;
  let spanId = 0n;
  let parentSpanId = 0n;
  let name = "";
  let references: JaegerReference[] = [];
  let flags = 0;
  let startMicros = 0n;
  let durationMicros = 0n;
  let tags: JaegerSpan["tags"] = [];
  let logs: JaegerLog[] = [];
  let seen = 0;
  reader.parts.begin();
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    switch (tag) {
      case field(1, I64):
        low = reader.id();
        break;
      case field(2, I64):
        high = reader.id();
        break;
      case field(3, I64):
        spanId = reader.id();
        break;
      case field(4, I64):
        parentSpanId = reader.id();
        break;
      case field(5, BINARY):
        name = reader.text();
        break;
      case field(6, LIST):
        references = reader.structsWithin(start, MAX_INCOMING_SPAN_BYTES, readReference);
        break;
      case field(7, I32):
        flags = reader.i32();
        break;
      case field(8, I64):
        startMicros = reader.i64();
        break;
      case field(9, I64):
        durationMicros = reader.i64();
        break;
      case field(10, LIST):
        tags = readTags(reader, start);
        break;
      case field(11, LIST):
        logs = reader.structsWithin(start, MAX_INCOMING_SPAN_BYTES, (own) => readLog(own, start));
        break;
      default:
        reader.skip(tag & 0xff);
        continue;
    }
    seen |= 1 << (tag >>> 8);
  }
  reader.endStruct();
  checkRequired(reader, SPAN, seen);
  return {
    ...{ traceId: { high, low }, spanId, parentSpanId, name, references, flags, tags, logs },
    startNanos: microsToNanos(startMicros),
    endNanos: microsToNanos(startMicros + durationMicros),
  };
}

function readReference(reader: ThriftReader): JaegerReference {
  let type = 0;
  let low = 0n;
  let high = 0n;
  let spanId = 0n;
  let seen = 0;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    switch (tag) {
      case field(1, I32):
        type = reader.i32();
        break;
      case field(2, I64):
        low = reader.id();
        break;
      case field(3, I64):
        high = reader.id();
        break;
      case field(4, I64):
        spanId = reader.id();
        break;
      default:
        reader.skip(tag & 0xff);
        continue;
    }
    seen |= 1 << (tag >>> 8);
  }
  reader.endStruct();
  checkRequired(reader, REFERENCE, seen);
  return { type, traceId: { high, low }, spanId };
}

function readLog(reader: ThriftReader, start: number): JaegerLog {
  let timeNanos = 0n;
  let fields: JaegerLog["fields"] = [];
  let seen = 0;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    switch (tag) {
      case field(1, I64):
        timeNanos = microsToNanos(reader.i64());
        break;
      case field(2, LIST):
        fields = readTags(reader, start);
        break;
      default:
        reader.skip(tag & 0xff);
        continue;
    }
    seen |= 1 << (tag >>> 8);
  }
  reader.endStruct();
  checkRequired(reader, LOG, seen);
  return { timeNanos, fields };
}
