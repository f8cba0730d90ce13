import { asString } from "../../model/attributes.ts";
import { type AttributeVisitor, type Level, walkSource, walkSpan } from "../../otlp/attribute-walk.ts";
import { utf8 } from "../../otlp/text.ts";
import { decodeValue } from "../../otlp/value.ts";
import type { PlanServices } from "../counts/plan-services.ts";
import type { PlanSpans } from "../plan-spans.ts";
import { keyOf, MAX_TEXT_LENGTH, noteValue, type SeenKeys } from "./seen.ts";

/** Spans of each service that a plan is asked about: a plan comes every few seconds, so that what is sent often is soon seen. */
const SAMPLED_SPANS = 16;

/** A UTF-16 unit takes at most three bytes, and the value's own tag and length a few. */
const MAX_VALUE_BYTES = MAX_TEXT_LENGTH * 3 + 8;

/** Attribute keys, types and values of some spans of each service, evenly picked, and of their resources and scopes. */
export function sampleAttributes({ table }: PlanSpans, { services, service }: PlanServices): Map<string, SeenKeys> {
  const spans = new Uint32Array(services.length);
  for (const of of service) spans[of] = (spans[of] as number) + 1;
  const seen = services.map((): SeenKeys => new Map());
  const visitors = seen.map((keys) => noting(table.bytes, keys));
  const passed = new Uint32Array(services.length);
  const sources = new Set<number>();
  for (let row = 0; row < table.count; row++) {
    const of = service[row] as number;
    const visitor = visitors[of] as AttributeVisitor;
    const every = Math.ceil((spans[of] as number) / SAMPLED_SPANS);
    const nth = passed[of] as number;
    passed[of] = nth + 1;
    if (nth % every !== 0) continue;
    walkSpan(table, row, visitor);
    const source = table.source[row] as number;
    if (!sources.has(source)) walkSource(table, source, visitor);
    sources.add(source);
  }
  return new Map(services.map((name, of) => [name, seen[of] as SeenKeys]));
}

function noting(bytes: Uint8Array, seen: SeenKeys): AttributeVisitor {
  return {
    attribute(level: Level, keyStart, keyEnd, valueStart, valueEnd) {
      const key = keyOf(seen, utf8(bytes, keyStart, keyEnd));
      if (key === undefined) return;
      key.levels.add(level);
      const value = decodeValue(bytes, valueStart, valueEnd);
      key.types.add(value.type);
      // What is too long to be offered is not made into text first.
      if (valueEnd - valueStart <= MAX_VALUE_BYTES) noteValue(key, asString(value));
    },
    // Offered as Jaeger shows it, under the key `event`.
    eventName(start, end) {
      const key = keyOf(seen, "event");
      if (key === undefined) return;
      key.levels.add("event");
      key.types.add("string");
      noteValue(key, utf8(bytes, start, end));
    },
  };
}
