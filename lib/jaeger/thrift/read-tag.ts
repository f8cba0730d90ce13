import type { AnyValue, Attribute } from "../../model/attributes.ts";
import { MAX_INCOMING_SPAN_BYTES } from "../../otlp/write-span.ts";
import type { ThriftReader } from "../../thrift/reader.ts";
import { checkRequired, type Required } from "../../thrift/required.ts";
import { BINARY, BOOL, DOUBLE, field, I32, I64 } from "../../thrift/types.ts";

/** TagType. The numbers differ from those in Jaeger's protobuf model. */
const STRING_TAG = 0;
const DOUBLE_TAG = 1;
const BOOL_TAG = 2;
const LONG_TAG = 3;
const BINARY_TAG = 4;

const NO_BYTES = new Uint8Array(0);

const TAG: Required = { struct: "Tag", names: [undefined, "key", "vType"] };

/** The list<Tag> at the cursor. @param start where the span or process began that it belongs to */
export const readTags = (reader: ThriftReader, start: number): Attribute[] =>
  reader.structsWithin(start, MAX_INCOMING_SPAN_BYTES, readTag);

function readTag(reader: ThriftReader): Attribute {
  let key = "";
  let type = -1;
  let text: string | Uint8Array = "";
  let double = 0;
  let bool = false;
  let long = 0n;
  let binary: Uint8Array = NO_BYTES;
  let seen = 0;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    switch (tag) {
      case field(1, BINARY):
        key = reader.text();
        seen |= 1 << 1;
        break;
      case field(2, I32):
        type = reader.i32();
        seen |= 1 << 2;
        break;
      case field(3, BINARY):
        text = reader.textOrBytes();
        break;
      case field(4, DOUBLE):
        double = reader.double();
        break;
      case field(5, BOOL):
        bool = reader.bool();
        break;
      case field(6, I64):
        long = reader.i64();
        break;
      case field(7, BINARY):
        binary = reader.binary();
        break;
      default:
        reader.skip(tag & 0xff);
    }
  }
  reader.endStruct();
  checkRequired(reader, TAG, seen);
  return { key, value: tagValue(type, text, double, bool, long, binary) };
}

/** The member that the type names; one that was left out is empty, as in Jaeger. */
function tagValue(
  type: number,
  text: string | Uint8Array,
  double: number,
  bool: boolean,
  long: bigint,
  binary: Uint8Array,
): AnyValue {
  switch (type) {
    case STRING_TAG:
      return typeof text === "string" ? { type: "string", value: text } : { type: "bytes", value: text };
    case DOUBLE_TAG:
      return { type: "double", value: double };
    case BOOL_TAG:
      return { type: "bool", value: bool };
    case LONG_TAG:
      return { type: "int", value: long };
    case BINARY_TAG:
      return { type: "bytes", value: binary };
    default:
      return { type: "string", value: `<Unknown Jaeger TagType ${type}>` };
  }
}
