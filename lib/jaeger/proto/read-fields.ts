import type { AnyValue, Attribute } from "../../model/attributes.ts";
import type { Parts } from "../../model/parts.ts";
import { NANOS_PER_SECOND } from "../../model/time.ts";
import { isText, utf8 } from "../../otlp/text.ts";
import { BYTES, FIXED64, field, float64At, VARINT, type Wire } from "../../otlp/wire.ts";

/** A google.protobuf.Timestamp or Duration, which are alike on the wire, in nanoseconds. */
export function readNanos(wire: Wire): bigint {
  const outer = wire.enter();
  let seconds = 0n;
  let nanos = 0n;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(1, VARINT)) seconds = wire.int64();
    else if (tag === field(2, VARINT)) nanos = BigInt.asIntN(32, wire.int64());
    else wire.skip(tag);
  }
  wire.leave(outer);
  return seconds * NANOS_PER_SECOND + nanos;
}

/** ValueType. The numbers differ from those in Jaeger's Thrift model. */
const STRING = 0;
const BOOL = 1;
const INT64 = 2;
const FLOAT64 = 3;
const BINARY = 4;

const NO_TEXT: AnyValue = { type: "string", value: "" };
const NO_BYTES = new Uint8Array(0);

/** The KeyValue message at the cursor: of its members the one that v_type names counts. */
export function readKeyValue(wire: Wire, parts: Parts): Attribute {
  const { bytes } = wire;
  parts.add();
  const outer = wire.enter();
  let key = "";
  let type = STRING;
  let text = NO_TEXT;
  let bool = false;
  let int = 0n;
  let double = 0;
  let binary: Uint8Array = NO_BYTES;
  while (wire.more()) {
    const tag = wire.tag();
    switch (tag) {
      case field(1, BYTES):
        key = wire.text();
        break;
      case field(2, VARINT):
        type = wire.varint();
        break;
      case field(3, BYTES):
        text = textOrBytes(wire);
        break;
      case field(4, VARINT):
        bool = wire.int64() !== 0n;
        break;
      case field(5, VARINT):
        int = wire.int64();
        break;
      case field(6, FIXED64):
        double = float64At(bytes, wire.take(8));
        break;
      case field(7, BYTES):
        binary = wire.view();
        break;
      default:
        wire.skip(tag);
    }
  }
  wire.leave(outer);
  return { key, value: keyedValue(type, text, bool, int, double, binary) };
}

function keyedValue(
  type: number,
  text: AnyValue,
  bool: boolean,
  int: bigint,
  double: number,
  binary: Uint8Array,
): AnyValue {
  switch (type) {
    case STRING:
      return text;
    case BOOL:
      return { type: "bool", value: bool };
    case INT64:
      return { type: "int", value: int };
    case FLOAT64:
      return { type: "double", value: double };
    case BINARY:
      return { type: "bytes", value: binary };
    default:
      return { type: "string", value: `<Unknown Jaeger TagType ${type}>` };
  }
}

/** Text that is not UTF-8 stays what it is, as bytes. */
function textOrBytes(wire: Wire): AnyValue {
  const end = wire.end();
  const at = wire.pos;
  wire.pos = end;
  return isText(wire.bytes, at, end)
    ? { type: "string", value: utf8(wire.bytes, at, end) }
    : { type: "bytes", value: wire.bytes.subarray(at, end) };
}
