import { TracingError } from "../model/errors.ts";
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../model/ids.ts";
import { MAX_VALUE_DEPTH } from "./check-attribute.ts";
import {
  base64,
  bool,
  child,
  double,
  enumeration,
  fixed32,
  fixed64,
  hex,
  int64,
  type JsonOut,
  type Message,
  message,
  repeated,
  text,
  uint32,
  unexpected,
  type WriteField,
  writeMessage,
} from "./json-fields.ts";
import { jsonText } from "./json-text.ts";
import { Writer } from "./write.ts";

/**
 * TracesData bytes of an OTLP/JSON request body. Throws invalid_argument on what is not JSON, or not such a message, with
 * the path of the value that is wrong. Ids of impossible length and other faults of one span are left to the scanner.
 */
export function jsonToTraces(body: Uint8Array): Uint8Array<ArrayBuffer> {
  // Protobuf is about half as long as the same message in JSON.
  const out: JsonOut = { writer: new Writer(body.length >>> 1), path: [], depth: 0 };
  writeMessage(out, parse(body), TRACES_DATA);
  return out.writer.finish();
}

/** An integer that may have more digits than a number holds, outside of a string (or inside: that only costs time). */
const LONG_INTEGER = /[:,[]\s*-?[0-9]{16}/;

function parse(body: Uint8Array): unknown {
  const json = jsonText(body);
  try {
    return LONG_INTEGER.test(json) ? JSON.parse(json, keepDigits) : JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TracingError("invalid_argument", `body: expected JSON (${reason})`, { cause });
  }
}

/** Turns integers that a number would round into bigints. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const digits = context?.source ?? "";
  return /^-?[0-9]{1,40}$/.test(digits) ? BigInt(digits) : value;
}

/** AnyValue. The string table indexes of profiles have no meaning in traces. */
const ANY_VALUE: Message = message({
  stringValue: text(1),
  boolValue: bool(2),
  intValue: int64(3),
  doubleValue: double(4),
  arrayValue: child(5, () => ARRAY_VALUE),
  kvlistValue: child(6, () => KEY_VALUE_LIST),
  bytesValue: base64(7),
});

const anyValue = (field: number): WriteField => {
  const write = child(field, () => ANY_VALUE);
  return (out, value) => {
    if (out.depth > MAX_VALUE_DEPTH) throw unexpected(out, value, `at most ${MAX_VALUE_DEPTH} levels of values`);
    out.depth++;
    write(out, value);
    out.depth--;
  };
};

const ARRAY_VALUE: Message = message({ values: repeated(anyValue(1)) });

const KEY_VALUE: Message = message({ key: text(1), value: anyValue(2) });

const attributes = (field: number): WriteField => repeated(child(field, () => KEY_VALUE));

const KEY_VALUE_LIST: Message = message({ values: attributes(1) });

const EVENT: Message = message({
  timeUnixNano: fixed64(1),
  name: text(2),
  attributes: attributes(3),
  droppedAttributesCount: uint32(4),
});

const LINK: Message = message({
  traceId: hex(1, TRACE_ID_BYTES),
  spanId: hex(2, SPAN_ID_BYTES),
  traceState: text(3),
  attributes: attributes(4),
  droppedAttributesCount: uint32(5),
  flags: fixed32(6),
});

const STATUS: Message = message({
  message: text(2),
  code: enumeration(3, "STATUS_CODE_", ["UNSET", "OK", "ERROR"]),
});

const SPAN: Message = message({
  traceId: hex(1, TRACE_ID_BYTES),
  spanId: hex(2, SPAN_ID_BYTES),
  traceState: text(3),
  parentSpanId: hex(4, SPAN_ID_BYTES),
  name: text(5),
  kind: enumeration(6, "SPAN_KIND_", ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]),
  startTimeUnixNano: fixed64(7),
  endTimeUnixNano: fixed64(8),
  attributes: attributes(9),
  droppedAttributesCount: uint32(10),
  events: repeated(child(11, () => EVENT)),
  droppedEventsCount: uint32(12),
  links: repeated(child(13, () => LINK)),
  droppedLinksCount: uint32(14),
  status: child(15, () => STATUS),
  flags: fixed32(16),
});

const SCOPE: Message = message({
  name: text(1),
  version: text(2),
  attributes: attributes(3),
  droppedAttributesCount: uint32(4),
});

const SCOPE_SPANS: Message = message({
  scope: child(1, () => SCOPE),
  spans: repeated(child(2, () => SPAN)),
  schemaUrl: text(3),
});

const ENTITY_REF: Message = message({
  schemaUrl: text(1),
  type: text(2),
  idKeys: repeated(text(3)),
  descriptionKeys: repeated(text(4)),
});

const RESOURCE: Message = message({
  attributes: attributes(1),
  droppedAttributesCount: uint32(2),
  entityRefs: repeated(child(3, () => ENTITY_REF)),
});

const RESOURCE_SPANS: Message = message({
  resource: child(1, () => RESOURCE),
  scopeSpans: repeated(child(2, () => SCOPE_SPANS)),
  schemaUrl: text(3),
});

const TRACES_DATA: Message = message({ resourceSpans: repeated(child(1, () => RESOURCE_SPANS)) });
