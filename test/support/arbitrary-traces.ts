import fc from "fast-check";
import type { AnyValue, Attribute } from "../../lib/model/attributes.ts";
import type { PlainResource, PlainScope, PlainSpan } from "../data/plain-traces.ts";

const word = fc.oneof(
  fc.constantFrom("", "a", "http.method", "é", "😀 x"),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const uint32 = fc.oneof(fc.constant(0), fc.nat({ max: 2 ** 32 - 1 }));
const uint64 = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((own) => {
    own[bytes - 1] = (own[bytes - 1] ?? 0) | 1;
    return Buffer.from(own).toString("hex");
  });

const { attribute } = fc.letrec<{ value: AnyValue; attribute: Attribute }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ type: fc.constant("string" as const), value: word }),
    fc.record({ type: fc.constant("bool" as const), value: fc.boolean() }),
    fc.record({ type: fc.constant("int" as const), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
    fc.record({ type: fc.constant("double" as const), value: fc.double() }),
    fc.record({ type: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 9 }) }),
    fc.constant({ type: "empty" as const }),
    fc.record({ type: fc.constant("array" as const), values: fc.array(tie("value"), { maxLength: 4 }) }),
    fc.record({ type: fc.constant("map" as const), entries: fc.array(tie("attribute"), { maxLength: 4 }) }),
  ),
  attribute: fc.record({ key: word, value: tie("value") }),
}));
const attributes = fc.array(attribute, { maxLength: 4 });

const plainSpan: fc.Arbitrary<PlainSpan> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  parentSpanId: fc.oneof(fc.constant(""), hex(8)),
  traceState: word,
  flags: uint32,
  name: word,
  kind: fc.nat({ max: 5 }),
  startNanos: uint64,
  endNanos: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(fc.record({ timeNanos: uint64, name: word, attributes, droppedAttributesCount: uint32 }), {
    maxLength: 2,
  }),
  droppedEventsCount: uint32,
  links: fc.array(
    fc.record({
      traceId: hex(16),
      spanId: hex(8),
      traceState: word,
      attributes,
      droppedAttributesCount: uint32,
      flags: uint32,
    }),
    { maxLength: 2 },
  ),
  droppedLinksCount: uint32,
  statusCode: fc.nat({ max: 2 }),
  statusMessage: word,
});

const plainScope: fc.Arbitrary<PlainScope> = fc.record({
  name: word,
  version: word,
  attributes,
  droppedAttributesCount: uint32,
  schemaUrl: word,
  spans: fc.array(plainSpan, { maxLength: 4 }),
});

/** OTLP messages of any shape, with any value in any field. */
export const plainTraces: fc.Arbitrary<PlainResource[]> = fc.array(
  fc.record({
    attributes,
    droppedAttributesCount: uint32,
    schemaUrl: word,
    scopes: fc.array(plainScope, { maxLength: 3 }),
  }),
  { maxLength: 3 },
);
