import type { AnyValue, Attribute } from "../../lib/model/attributes.ts";
import type { PlainResource, PlainScope, PlainSpan } from "../data/plain-traces.ts";
import type { Random } from "../data/random.ts";

const KEYS = ["http.request.method", "url.full", "http.response.status_code", "db.statement", "clé", "", "a"];
const WORDS = ["GET", "https://shop.example/cart?id=7", "SELECT * FROM orders WHERE id = $1", "é😀", "", "0"];
const START = 1_790_000_000_000_000_000n;

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** A small request with everything that OTLP knows in it. */
export const someTraces = (random: Random): PlainResource[] =>
  times(1 + random.below(2), () => ({
    attributes: [{ key: "service.name", value: { type: "string", value: "cart" } }, ...someAttributes(random, 3)],
    droppedAttributesCount: random.below(3),
    schemaUrl: random.pick(["", "https://opentelemetry.io/schemas/1.37.0"]),
    scopes: times(1 + random.below(2), () => someScope(random)),
  }));

const someScope = (random: Random): PlainScope => ({
  name: "io.opentelemetry.http",
  version: random.pick(["", "2.20.1-alpha"]),
  attributes: someAttributes(random, 2),
  droppedAttributesCount: 0,
  schemaUrl: "",
  spans: times(random.below(4), () => someSpan(random)),
});

const someSpan = (random: Random): PlainSpan => ({
  traceId: random.hex(16),
  spanId: random.hex(8),
  parentSpanId: random.chance(0.5) ? random.hex(8) : "",
  traceState: random.pick(["", "vendor=t61rcWkgMzE"]),
  flags: random.pick([0, 1, 257]),
  name: random.pick(WORDS),
  kind: random.below(6),
  startNanos: random.chance(0.1) ? 0n : START + BigInt(random.uint32()),
  endNanos: START + BigInt(random.uint32()),
  attributes: someAttributes(random, 6),
  droppedAttributesCount: random.below(2),
  events: times(random.below(2), () => ({
    timeNanos: START,
    name: random.pick(["exception", ""]),
    attributes: someAttributes(random, 3),
    droppedAttributesCount: 0,
  })),
  droppedEventsCount: 0,
  links: times(random.below(2), () => ({
    traceId: random.hex(random.pick([16, 16, 3])),
    spanId: random.hex(8),
    traceState: "",
    attributes: someAttributes(random, 2),
    droppedAttributesCount: 0,
    flags: 0,
  })),
  droppedLinksCount: 0,
  statusCode: random.below(3),
  statusMessage: random.pick(["", "connection refused"]),
});

const someAttributes = (random: Random, most: number): Attribute[] =>
  times(random.below(most + 1), () => ({ key: random.pick(KEYS), value: someValue(random, 0) }));

function someValue(random: Random, depth: number): AnyValue {
  switch (random.below(depth < 3 ? 9 : 6)) {
    case 0:
      return { type: "bool", value: random.chance(0.5) };
    case 1:
      return { type: "int", value: BigInt(random.uint32()) * (random.chance(0.5) ? -(2n ** 31n) : 1n) };
    case 2:
      return { type: "double", value: random.pick([0, -0, 0.1, 1e300, Number.NaN, Number.NEGATIVE_INFINITY]) };
    case 3:
      return { type: "bytes", value: Buffer.from(random.hex(random.below(12)), "hex") };
    case 4:
      return { type: "empty" };
    case 6:
      return { type: "array", values: times(random.below(4), () => someValue(random, depth + 1)) };
    case 7:
      return {
        type: "map",
        entries: times(random.below(4), () => ({ key: random.pick(KEYS), value: someValue(random, depth + 1) })),
      };
    default:
      return { type: "string", value: random.pick(WORDS) };
  }
}
