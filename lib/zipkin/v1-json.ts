import type { AnyValue } from "../model/attributes.ts";
import { TracesOut } from "../otlp/traces-out.ts";
import {
  bool,
  eachSpan,
  endpoint,
  list,
  member,
  micros,
  object,
  type Place,
  type Read,
  required,
  spanId,
  text,
  traceId,
} from "./json-values.ts";
import { scalar } from "./scalar.ts";
import { writeZipkinSpan } from "./to-otlp.ts";
import { modernSpan, type V1Annotation, type V1BinaryAnnotation, type ZipkinV1Span } from "./v1-span.ts";

/**
 * TracesData bytes of a list of spans in Zipkin's JSON of version 1 (zipkin-api, zipkin-api.yaml); empty when there are
 * none. Throws invalid_argument, with the path of the value that is wrong.
 */
export function zipkinV1JsonToOtlp(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new TracesOut();
  eachSpan(body, (place, span) => writeZipkinSpan(out, modernSpan(readSpan(place, span)), 1));
  return out.finish();
}

function readSpan(place: Place, own: object): ZipkinV1Span {
  return {
    traceId: required(place, own, "traceId", traceId),
    spanId: required(place, own, "id", spanId),
    parentSpanId: member(place, own, "parentId", spanId, 0n),
    name: member(place, own, "name", text, ""),
    startMicros: member(place, own, "timestamp", micros, 0n),
    durationMicros: member(place, own, "duration", micros, 0n),
    annotations: member(place, own, "annotations", list(annotation), []),
    binaryAnnotations: member(place, own, "binaryAnnotations", list(binaryAnnotation), []),
    isDebug: member(place, own, "debug", bool, false),
  };
}

const annotation: Read<V1Annotation> = (place, value) => {
  const own = object(place, value);
  return {
    micros: member(place, own, "timestamp", micros, 0n),
    value: member(place, own, "value", text, ""),
    host: member(place, own, "endpoint", endpoint, undefined),
  };
};

const binaryAnnotation: Read<V1BinaryAnnotation> = (place, value) => {
  const own = object(place, value);
  const type = member(place, own, "type", text, "");
  return {
    key: member(place, own, "key", text, ""),
    value: typed(type, member(place, own, "value", scalar, { type: "string", value: "" })),
    host: member(place, own, "endpoint", endpoint, undefined),
  };
};

/** The type is told where it is not a string's; numbers that JavaScript would round are in quotes. */
function typed(type: string, value: AnyValue): AnyValue {
  if (value.type === "string") {
    if (type === "BYTES") return { type: "bytes", value: Buffer.from(value.value, "base64") };
    if (type === "I64" && /^-?[0-9]{1,19}$/.test(value.value))
      return { type: "int", value: BigInt.asIntN(64, BigInt(value.value)) };
  }
  return type === "DOUBLE" && value.type === "int" ? { type: "double", value: Number(value.value) } : value;
}
