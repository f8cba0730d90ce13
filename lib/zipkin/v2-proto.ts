import type { Attribute } from "../model/attributes.ts";
import { Parts } from "../model/parts.ts";
import { readSpanId, readTraceId } from "../otlp/read-ids.ts";
import { TracesOut } from "../otlp/traces-out.ts";
import { BYTES, FIXED64, fault, field, joinHalves, uint32At, VARINT, Wire } from "../otlp/wire.ts";
import { MAX_INCOMING_SPAN_BYTES, type WideId } from "../otlp/write-span.ts";
import { ipv4Text, ipv6Text } from "./addresses.ts";
import {
  CLIENT,
  CONSUMER,
  PRODUCER,
  SERVER,
  type ZipkinAnnotation,
  type ZipkinEndpoint,
  type ZipkinSpan,
} from "./incoming.ts";
import { textTag } from "./tags.ts";
import { writeZipkinSpan } from "./to-otlp.ts";

/** OTLP's SpanKind by Zipkin's. */
const KINDS = [0, CLIENT, SERVER, PRODUCER, CONSUMER];

/**
 * TracesData bytes of a `zipkin.proto3.ListOfSpans` (zipkin-api, zipkin.proto); empty when there are none. Throws
 * invalid_argument, with the offset, on other bytes.
 */
export function zipkinV2ProtoToOtlp(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new TracesOut();
  const wire = new Wire(bytes);
  const parts = new Parts();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) writeZipkinSpan(out, readSpan(wire, parts), 2);
    else wire.skip(tag);
  }
  return out.finish();
}

function readSpan(wire: Wire, parts: Parts): ZipkinSpan {
  const at = wire.pos;
  parts.begin();
  const outer = wire.enter();
  const length = wire.limit - wire.pos;
  if (length > MAX_INCOMING_SPAN_BYTES)
    throw fault(at, `span of ${length} bytes: expected at most ${MAX_INCOMING_SPAN_BYTES}`);
  let traceId: WideId | undefined;
  let spanId: bigint | undefined;
  let parentSpanId = 0n;
  let name = "";
  let kind = 0;
  let startMicros = 0n;
  let durationMicros = 0n;
  let local: ZipkinEndpoint | undefined;
  let remote: ZipkinEndpoint | undefined;
  let isDebug = false;
  const annotations: ZipkinAnnotation[] = [];
  const tags: Attribute[] = [];
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case field(1, BYTES):
        traceId = readTraceId(wire, 8);
        break;
      case field(2, BYTES):
        parentSpanId = readSpanId(wire);
        break;
      case field(3, BYTES):
        spanId = readSpanId(wire);
        break;
      case field(4, VARINT):
        kind = KINDS[wire.varint()] ?? 0;
        break;
      case field(5, BYTES):
        name = wire.text();
        break;
      case field(6, FIXED64):
        startMicros = readFixed64(wire);
        break;
      case field(7, VARINT):
        durationMicros = BigInt.asUintN(64, wire.int64());
        break;
      case field(8, BYTES):
        local = readEndpoint(wire);
        break;
      case field(9, BYTES):
        remote = readEndpoint(wire);
        break;
      case field(10, BYTES):
        parts.add();
        annotations.push(readAnnotation(wire));
        break;
      case field(11, BYTES):
        parts.add();
        tags.push(readTag(wire));
        break;
      case field(12, VARINT):
        isDebug = wire.int64() !== 0n;
        break;
      default:
        wire.skip(tag);
    }
  }
  wire.leave(outer);
  if (traceId === undefined || spanId === undefined) throw fault(at, "span without trace_id or id");
  return {
    ...{ traceId, spanId, parentSpanId, name, kind, startMicros, durationMicros },
    ...{ local, remote, annotations, tags, isDebug },
  };
}

function readFixed64(wire: Wire): bigint {
  const at = wire.take(8);
  return joinHalves(uint32At(wire.bytes, at), uint32At(wire.bytes, at + 4));
}

function readEndpoint(wire: Wire): ZipkinEndpoint {
  const outer = wire.enter();
  let serviceName = "";
  let ipv4 = "";
  let ipv6 = "";
  let port = 0;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) serviceName = wire.text();
    else if (tag === field(2, BYTES)) ipv4 = readAddress(wire, 4);
    else if (tag === field(3, BYTES)) ipv6 = readAddress(wire, 16);
    else if (tag === field(4, VARINT)) port = Number(BigInt.asIntN(32, wire.int64()));
    else wire.skip(tag);
  }
  wire.leave(outer);
  return { serviceName, ipv4, ipv6, port };
}

function readAddress(wire: Wire, bytes: 4 | 16): string {
  const end = wire.end();
  const at = wire.pos;
  wire.pos = end;
  if (end === at) return "";
  if (end - at !== bytes) throw fault(at, `address of ${end - at} bytes: expected ${bytes}`);
  const address = wire.bytes.subarray(at, end);
  return bytes === 4 ? ipv4Text(address) : ipv6Text(address);
}

function readAnnotation(wire: Wire): ZipkinAnnotation {
  const outer = wire.enter();
  let micros = 0n;
  let value = "";
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, FIXED64)) micros = readFixed64(wire);
    else if (tag === field(2, BYTES)) value = wire.text();
    else wire.skip(tag);
  }
  wire.leave(outer);
  return { micros, value };
}

/** An entry of the map. */
function readTag(wire: Wire): Attribute {
  const outer = wire.enter();
  let key = "";
  let value = "";
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, BYTES)) key = wire.text();
    else if (tag === field(2, BYTES)) value = wire.text();
    else wire.skip(tag);
  }
  wire.leave(outer);
  return textTag(key, value);
}
