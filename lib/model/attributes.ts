/** An attribute value as OTLP has it (opentelemetry/proto/common/v1/common.proto, AnyValue). */
export type AnyValue =
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "bool"; readonly value: boolean }
  /** 64 bits, signed. */
  | { readonly type: "int"; readonly value: bigint }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "bytes"; readonly value: Uint8Array }
  | { readonly type: "array"; readonly values: readonly AnyValue[] }
  | { readonly type: "map"; readonly entries: readonly Attribute[] }
  | { readonly type: "empty" };

export interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}

/**
 * A value as text: what a search compares, and what Jaeger shows for arrays and maps. The rendering is the Collector's
 * pdata AsString: doubles in ECMAScript's shortest form, bytes as base64, arrays and maps as JSON.
 */
export function asString(value: AnyValue): string {
  switch (value.type) {
    case "string":
      return value.value;
    case "bool":
      return value.value ? "true" : "false";
    case "int":
      return value.value.toString();
    case "double":
      return doubleText(value.value);
    case "bytes":
      return Buffer.from(value.value).toString("base64");
    case "array":
    case "map":
      return jsonText(value);
    case "empty":
      return "";
  }
}

/** pdata names the values that JSON lacks as Go does. */
export function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  if (Number.isNaN(value)) return "NaN";
  return Object.is(value, -0) ? "-0" : String(value);
}

function jsonText(value: AnyValue): string {
  switch (value.type) {
    case "array":
      return `[${value.values.map(jsonText).join(",")}]`;
    case "map": {
      // Go's encoder writes a map by sorted key; of a key that occurs twice the last value stays.
      const entries = new Map(value.entries.map((entry) => [entry.key, entry.value]));
      const keys = [...entries.keys()].sort();
      return `{${keys.map((key) => `${JSON.stringify(key)}:${jsonText(entries.get(key) ?? EMPTY)}`).join(",")}}`;
    }
    case "string":
      return JSON.stringify(value.value);
    case "bytes":
      return JSON.stringify(asString(value));
    case "double":
      return Number.isFinite(value.value) ? doubleText(value.value) : JSON.stringify(doubleText(value.value));
    case "empty":
      return "null";
    default:
      return asString(value);
  }
}

const EMPTY: AnyValue = { type: "empty" };
