import type { AnyValue } from "../model/attributes.ts";
import { utf8 } from "../otlp/text.ts";
import { TracesOut } from "../otlp/traces-out.ts";
import { MAX_INCOMING_SPAN_BYTES } from "../otlp/write-span.ts";
import { readArgument, type ThriftProtocol, thriftCall, thriftReader } from "../thrift/call.ts";
import type { ThriftReader } from "../thrift/reader.ts";
import { checkRequired, type Required } from "../thrift/required.ts";
import { BINARY, BOOL, field, I16, I32, I64, LIST, STRUCT } from "../thrift/types.ts";
import { ipv6Text } from "./addresses.ts";
import type { ZipkinEndpoint } from "./incoming.ts";
import { writeZipkinSpan } from "./to-otlp.ts";
import { modernSpan, type V1Annotation, type V1BinaryAnnotation, type ZipkinV1Span } from "./v1-span.ts";

const SPAN: Required = {
  struct: "Span",
  names: [undefined, "trace_id", undefined, undefined, "id"],
};

/**
 * TracesData bytes of a bare list of spans in Zipkin's Thrift (jaeger-idl, thrift/zipkincore.thrift), as clients post it
 * to `/api/v1/spans`; empty when there are none. Throws invalid_argument, with the offset, on other bytes.
 */
export const zipkinV1ThriftToOtlp = (bytes: Uint8Array, protocol: ThriftProtocol = "binary"): Uint8Array<ArrayBuffer> =>
  readSpans(thriftReader(bytes, protocol));

/** The same of a datagram: a call of the agent's `emitZipkinBatch`, whose one argument is the list (thrift/agent.thrift). */
export const zipkinEmitBatchToOtlp = (datagram: Uint8Array, protocol: ThriftProtocol): Uint8Array<ArrayBuffer> =>
  readArgument(thriftCall(datagram, protocol), "emitZipkinBatch", LIST, readSpans);

function readSpans(reader: ThriftReader): Uint8Array<ArrayBuffer> {
  const out = new TracesOut();
  for (let left = reader.structs(); left > 0; left--) writeZipkinSpan(out, modernSpan(readSpan(reader)), 1);
  return out.finish();
}

function readSpan(reader: ThriftReader): ZipkinV1Span {
  const start = reader.pos;
  let low = 0n;
  let high = 0n;
  let name = "";
  let spanId = 0n;
  let parentSpanId = 0n;
  let annotations: V1Annotation[] = [];
  let binaryAnnotations: V1BinaryAnnotation[] = [];
  let isDebug = false;
  let startMicros = 0n;
  let durationMicros = 0n;
  let seen = 0;
  reader.parts.begin();
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    switch (tag) {
      case field(1, I64):
        low = reader.id();
        seen |= 1 << 1;
        break;
      case field(3, BINARY):
        name = reader.text();
        break;
      case field(4, I64):
        spanId = reader.id();
        seen |= 1 << 4;
        break;
      case field(5, I64):
        parentSpanId = reader.id();
        break;
      case field(6, LIST):
        annotations = reader.structsWithin(start, MAX_INCOMING_SPAN_BYTES, readAnnotation);
        break;
      case field(8, LIST):
        binaryAnnotations = reader.structsWithin(start, MAX_INCOMING_SPAN_BYTES, readBinaryAnnotation);
        break;
      case field(9, BOOL):
        isDebug = reader.bool();
        break;
      case field(10, I64):
        startMicros = reader.i64();
        break;
      case field(11, I64):
        durationMicros = reader.i64();
        break;
      case field(12, I64):
        high = reader.id();
        break;
      default:
        reader.skip(tag & 0xff);
    }
  }
  reader.endStruct();
  checkRequired(reader, SPAN, seen);
  return {
    ...{ traceId: { high, low }, spanId, parentSpanId, name },
    ...{ startMicros, durationMicros, annotations, binaryAnnotations, isDebug },
  };
}

function readAnnotation(reader: ThriftReader): V1Annotation {
  let micros = 0n;
  let value = "";
  let host: ZipkinEndpoint | undefined;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    if (tag === field(1, I64)) micros = reader.i64();
    else if (tag === field(2, BINARY)) value = reader.text();
    else if (tag === field(3, STRUCT)) host = readEndpoint(reader);
    else reader.skip(tag & 0xff);
  }
  reader.endStruct();
  return { micros, value, host };
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

function readBinaryAnnotation(reader: ThriftReader): V1BinaryAnnotation {
  let key = "";
  let value = NO_BYTES;
  let type = STRING;
  let host: ZipkinEndpoint | undefined;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    if (tag === field(1, BINARY)) key = reader.text();
    else if (tag === field(2, BINARY)) value = reader.binary();
    else if (tag === field(3, I32)) type = reader.i32();
    else if (tag === field(4, STRUCT)) host = readEndpoint(reader);
    else reader.skip(tag & 0xff);
  }
  reader.endStruct();
  return { key, value: valueOfType(type, value), host };
}

/** AnnotationType. */
const BOOLEAN = 0;
const INT16 = 2;
const INT32 = 3;
const INT64 = 4;
const DOUBLE = 5;
const STRING = 6;

/** Numbers are big-endian. Bytes that are too few for their type, or of a type that nobody knows, stay bytes. */
function valueOfType(type: number, bytes: Uint8Array): AnyValue {
  if (type === STRING) return { type: "string", value: utf8(bytes, 0, bytes.length) };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (type === BOOLEAN) return { type: "bool", value: bytes.length === 1 && bytes[0] === 1 };
  if (type === INT16 && bytes.length >= 2) return { type: "int", value: BigInt(view.getInt16(0)) };
  if (type === INT32 && bytes.length >= 4) return { type: "int", value: BigInt(view.getInt32(0)) };
  if (type === INT64 && bytes.length >= 8) return { type: "int", value: view.getBigInt64(0) };
  if (type === DOUBLE && bytes.length >= 8) return { type: "double", value: view.getFloat64(0) };
  return { type: "bytes", value: bytes };
}

function readEndpoint(reader: ThriftReader): ZipkinEndpoint {
  let serviceName = "";
  let ipv4 = "";
  let ipv6 = "";
  let port = 0;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    if (tag === field(1, I32)) ipv4 = ipv4OfInt(reader.i32());
    else if (tag === field(2, I16)) port = reader.i16() & 0xffff;
    else if (tag === field(3, BINARY)) serviceName = reader.text();
    else if (tag === field(4, BINARY)) {
      const bytes = reader.binary();
      ipv6 = bytes.length === 16 ? ipv6Text(bytes) : "";
    } else reader.skip(tag & 0xff);
  }
  reader.endStruct();
  return { serviceName, ipv4, ipv6, port };
}

/** 0 is no address. */
function ipv4OfInt(value: number): string {
  if (value === 0) return "";
  return `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`;
}
