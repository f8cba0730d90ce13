import type { AnyValue, Attribute } from "../model/attributes.ts";

/** `,"attributes":[…]`, or nothing when there are none. */
export const attributesField = (attributes: readonly Attribute[]): string =>
  attributes.length === 0 ? "" : `,"attributes":[${attributes.map(attributeJson).join(",")}]`;

const attributeJson = ({ key, value }: Attribute): string =>
  `{"key":${JSON.stringify(key)},"value":${valueJson(value)}}`;

/** An AnyValue in OTLP's JSON: 64-bit integers are strings, bytes base64; an empty list leaves out its `values`. */
function valueJson(value: AnyValue): string {
  switch (value.type) {
    case "string":
      return `{"stringValue":${JSON.stringify(value.value)}}`;
    case "bool":
      return `{"boolValue":${value.value}}`;
    case "int":
      return `{"intValue":"${value.value}"}`;
    case "double":
      return `{"doubleValue":${doubleJson(value.value)}}`;
    case "bytes":
      return `{"bytesValue":"${Buffer.from(value.value).toString("base64")}"}`;
    case "array":
      return `{"arrayValue":${listJson(value.values.map(valueJson))}}`;
    case "map":
      return `{"kvlistValue":${listJson(value.entries.map(attributeJson))}}`;
    case "empty":
      return "{}";
  }
}

const listJson = (values: readonly string[]): string =>
  values.length === 0 ? "{}" : `{"values":[${values.join(",")}]}`;

/** Proto3's JSON names the numbers that JSON lacks: "NaN", "Infinity", "-Infinity". */
function doubleJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}
