import { type AnyValue, type Attribute, asString, doubleText } from "../model/attributes.ts";

/** An attribute as Jaeger's tag or log field: key, type, value (jaeger-wire 1.6). */
export const tagJson = ({ key, value }: Attribute): string => `{"key":${JSON.stringify(key)},${typedJson(value)}}`;

export const tagsJson = (attributes: readonly Attribute[]): string => `[${attributes.map(tagJson).join(",")}]`;

/** Beyond this JavaScript's numbers skip integers, so Jaeger writes digits in quotes instead. */
const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

function typedJson(value: AnyValue): string {
  switch (value.type) {
    case "bool":
      return `"type":"bool","value":${value.value}`;
    case "int": {
      const isExact = value.value <= MAX_EXACT && value.value >= -MAX_EXACT;
      return `"type":"int64","value":${isExact ? value.value : `"${value.value}"`}`;
    }
    case "double": {
      const text = doubleText(value.value);
      // JSON has no NaN and no infinities.
      return `"type":"float64","value":${Number.isFinite(value.value) ? text : JSON.stringify(text)}`;
    }
    case "bytes":
      return `"type":"binary","value":"${asString(value)}"`;
    default:
      return `"type":"string","value":${JSON.stringify(asString(value))}`;
  }
}
