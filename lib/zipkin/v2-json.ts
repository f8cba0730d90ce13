import type { Attribute } from "../model/attributes.ts";
import { TracesOut } from "../otlp/traces-out.ts";
import { CLIENT, CONSUMER, PRODUCER, SERVER, type ZipkinAnnotation, type ZipkinSpan } from "./incoming.ts";
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

/**
 * TracesData bytes of a list of spans in Zipkin's JSON of version 2 (zipkin-api, zipkin2-api.yaml); empty when there are
 * none. Throws invalid_argument, with the path of the value that is wrong.
 */
export function zipkinV2JsonToOtlp(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new TracesOut();
  eachSpan(body, (place, span) => writeZipkinSpan(out, readSpan(place, span), 2));
  return out.finish();
}

const KINDS: ReadonlyMap<string, number> = new Map([
  ["SERVER", SERVER],
  ["CLIENT", CLIENT],
  ["PRODUCER", PRODUCER],
  ["CONSUMER", CONSUMER],
]);

/** A kind that is not Zipkin's is none, as in the Collector. */
const kind: Read<number> = (place, value) => KINDS.get(text(place, value).toUpperCase()) ?? 0;

function readSpan(place: Place, own: object): ZipkinSpan {
  return {
    traceId: required(place, own, "traceId", traceId),
    spanId: required(place, own, "id", spanId),
    parentSpanId: member(place, own, "parentId", spanId, 0n),
    name: member(place, own, "name", text, ""),
    kind: member(place, own, "kind", kind, 0),
    startMicros: member(place, own, "timestamp", micros, 0n),
    durationMicros: member(place, own, "duration", micros, 0n),
    local: member(place, own, "localEndpoint", endpoint, undefined),
    remote: member(place, own, "remoteEndpoint", endpoint, undefined),
    annotations: member(place, own, "annotations", list(annotation), []),
    tags: member(place, own, "tags", tags, []),
    isDebug: member(place, own, "debug", bool, false),
  };
}

const annotation: Read<ZipkinAnnotation> = (place, value) => {
  const own = object(place, value);
  return {
    micros: member(place, own, "timestamp", micros, 0n),
    value: member(place, own, "value", text, ""),
  };
};

const tags: Read<Attribute[]> = (place, value) => {
  const own = object(place, value);
  const found: Attribute[] = [];
  for (const key of Object.keys(own)) {
    const tag = member(place, own, key, scalar, undefined);
    if (tag !== undefined) found.push({ key, value: tag });
  }
  return found;
};
