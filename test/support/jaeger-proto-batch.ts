import { postSpansRequest } from "./foreign-proto.ts";
import type { PlainBatch, PlainReference, PlainSpan, PlainTag } from "./jaeger-batches.ts";

const id = (value: bigint) => Buffer.from(value.toString(16).padStart(16, "0"), "hex");
const traceId = (high: bigint, low: bigint) => Buffer.concat([id(high), id(low)]);
const long = (value: bigint) => value.toString();

/** protobuf's ValueType by Thrift's TagType. */
const TYPES = [0, 3, 1, 2, 4];

const tag = (own: PlainTag) => ({
  key: own.key,
  v_type: TYPES[own.vType],
  v_str: own.vStr ?? "",
  v_bool: own.vBool ?? false,
  v_int64: long(own.vLong ?? 0n),
  v_float64: own.vDouble ?? 0,
  v_binary: Buffer.from(own.vBinary ?? []),
});

const moment = (micros: bigint) => ({
  seconds: long(micros / 1_000_000n),
  nanos: Number(micros % 1_000_000n) * 1000,
});

const reference = (own: PlainReference) => ({
  trace_id: traceId(own.traceIdHigh, own.traceIdLow),
  span_id: id(own.spanId),
  ref_type: own.refType,
});

/** Jaeger's protobuf model has no parent id: the first reference says it. */
function references(span: PlainSpan) {
  const parent = {
    refType: 0,
    traceIdHigh: span.traceIdHigh,
    traceIdLow: span.traceIdLow,
    spanId: span.parentSpanId,
  };
  return [...(span.parentSpanId === 0n ? [] : [parent]), ...(span.references ?? [])].map(reference);
}

const process = (own: PlainBatch["process"]) => ({
  service_name: own.serviceName,
  tags: (own.tags ?? []).map(tag),
});

const span = (own: PlainSpan) => ({
  trace_id: traceId(own.traceIdHigh, own.traceIdLow),
  span_id: id(own.spanId),
  operation_name: own.operationName,
  references: references(own),
  flags: own.flags,
  start_time: moment(own.startTime),
  duration: moment(own.duration),
  tags: (own.tags ?? []).map(tag),
  logs: (own.logs ?? []).map((log) => ({ timestamp: moment(log.timestamp), fields: log.fields.map(tag) })),
});

/** @param perSpan whether each span brings the process, as the Collector's exporter sends them, or the batch does */
export function postSpansBytes(batch: PlainBatch, perSpan: boolean): Uint8Array {
  const own = process(batch.process);
  const spans = batch.spans.map((each) => (perSpan ? { ...span(each), process: own } : span(each)));
  const message = { batch: perSpan ? { spans } : { spans, process: own } };
  return postSpansRequest.encode(postSpansRequest.fromObject(message)).finish();
}
