import type { AnyValue } from "../model/attributes.ts";
import { unexpected } from "../otlp/json-fields.ts";
import type { Place } from "./json-values.ts";

/** A tag's value: a string by the book; clients write true, and numbers, too. */
export function scalar(place: Place, value: unknown): AnyValue {
  switch (typeof value) {
    case "string":
      return { type: "string", value };
    case "boolean":
      return { type: "bool", value };
    case "number":
      return Number.isSafeInteger(value) ? { type: "int", value: BigInt(value) } : { type: "double", value };
    default:
      throw unexpected(place, value, "a string, a number, true or false");
  }
}
