/**
 * Traces that leave nothing out: every type of value at every level, the keys that Jaeger treats specially, names that
 * have to be sanitized, spans at the edges of hours, resent spans, spans that share an id. Plain objects, and their OTLP
 * bytes made by protobufjs: nothing here is shared with the code under test.
 */
import { opentelemetry } from "../../proto/gen/index.js";
import { Random } from "./random.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

export type PlainValue =
  | { readonly string: string }
  | { readonly bool: boolean }
  | { readonly int: bigint }
  | { readonly double: number }
  | { readonly bytes: readonly number[] }
  | { readonly array: readonly PlainValue[] }
  | { readonly map: readonly PlainAttribute[] }
  /** An AnyValue without any member, or no AnyValue at all. */
  | { readonly nothing: "empty" | "absent" };

export type PlainAttribute = readonly [key: string, value: PlainValue];

export interface PlainSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  /** Unix epoch nanoseconds; 0 when the sender does not say. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: readonly PlainAttribute[];
  readonly events: readonly {
    readonly time: bigint;
    readonly name: string;
    readonly attributes: readonly PlainAttribute[];
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: readonly PlainAttribute[];
  }[];
  readonly status: number;
  readonly statusMessage: string;
  readonly resource: PlainResource;
  readonly scope: PlainScope;
}

interface PlainResource {
  readonly attributes: readonly PlainAttribute[];
}

interface PlainScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly PlainAttribute[];
}

/** Spans that arrive together. */
export interface PlainBatch {
  /** Unix epoch nanoseconds. */
  readonly received: bigint;
  readonly spans: readonly PlainSpan[];
}

const NANOS_PER_HOUR = 3_600_000_000_000n;

const VALUES: readonly PlainValue[] = [
  { string: "GET" },
  { string: "" },
  { string: "true" },
  { string: "123" },
  { string: "größer ☂ 𝄞" },
  { bool: true },
  { bool: false },
  { int: 123n },
  { int: -1n },
  { int: 9_007_199_254_740_993n },
  { int: -(2n ** 63n) },
  { double: 72.5 },
  { double: 1e21 },
  { double: 1e-7 },
  { double: 0 },
  { double: 123 },
  { double: Number.POSITIVE_INFINITY },
  { bytes: [0, 255, 16, 3] },
  { bytes: [] },
  { array: [{ string: "a" }, { int: 1n }, { nothing: "empty" }] },
  { array: [] },
  {
    map: [
      ["b", { bool: true }],
      ["a", { array: [{ double: 0.5 }] }],
    ],
  },
  { nothing: "empty" },
  { nothing: "absent" },
];

const KEYS = ["http.method", "count", "ratio", "flag", "blob", "list", "nested", "name"];

/** Attributes that mean to a Jaeger client what they are called, whatever OTLP's fields say. */
const LITERALS: readonly PlainAttribute[] = [
  ["error", { bool: true }],
  ["error", { string: "true" }],
  ["error", { bool: false }],
  ["error", { string: "timeout" }],
  ["span.kind", { string: "server" }],
  ["span.kind", { string: "Client" }],
  ["span.status", { string: "error" }],
  ["otel.status_code", { string: "ERROR" }],
  ["otel.status_code", { string: "OK" }],
  ["scope.name", { string: "io.shop" }],
  ["scope.version", { string: "1.2.3" }],
  ["otel.scope.name", { string: "io.shop" }],
  ["resource.host.name", { string: "host-1" }],
  ["resource.", { string: "nameless" }],
  ["event", { string: "exception" }],
  ["service.name", { string: "frontend" }],
];

const SERVICE_NAMES: readonly (PlainValue | undefined)[] = [
  { string: "frontend" },
  { string: "checkout" },
  { string: "cart" },
  { string: "Cart" },
  { string: "größe#%\n" },
  { string: "" },
  { int: 7n },
  undefined,
];

const OPERATIONS = ["GET /", "POST /cart", "SELECT", "", "render", "größe", "get /"];

export interface SearchTraces {
  readonly seed: number;
  readonly traces: number;
  /** Unix epoch nanoseconds: the beginning of the first hour. */
  readonly from: bigint;
  readonly hours: number;
  /** Taken for the first traces. */
  readonly traceIds?: readonly string[];
}

/** One trace after the other. */
export function* searchTraces(options: SearchTraces): Generator<PlainSpan[]> {
  const random = new Random(options.seed);
  const resources = Array.from({ length: 24 }, (_, i) => resourceOf(random, i));
  const scopes = Array.from({ length: 10 }, () => scopeOf(random));
  for (let i = 0; i < options.traces; i++) {
    const traceId = options.traceIds?.[i] ?? (random.chance(0.2) ? "0".repeat(16) + random.hex(8) : random.hex(16));
    const begin = beginOf(random, options);
    const size = random.chance(0.01) ? 40 : 1 + random.below(6);
    const spans: PlainSpan[] = [];
    for (let n = 0; n < size; n++) {
      const parent = n === 0 || random.chance(0.05) ? undefined : random.pick(spans);
      spans.push(spanOf(random, traceId, parent, begin, random.pick(resources), random.pick(scopes)));
    }
    yield spans;
  }
}

/** Many at the same nanosecond, many at the edges of hours. */
function beginOf(random: Random, { from, hours }: SearchTraces): bigint {
  const hour = from + BigInt(random.below(hours)) * NANOS_PER_HOUR;
  if (random.chance(0.1)) return hour + BigInt(random.below(3) - 1) + (random.chance(0.5) ? NANOS_PER_HOUR : 0n);
  const within = BigInt(random.below(3_600_000)) * 1_000_000n;
  return random.chance(0.3)
    ? hour + (within / 60_000_000_000n) * 60_000_000_000n
    : hour + within + BigInt(random.below(1_000_000));
}

function spanOf(
  random: Random,
  traceId: string,
  parent: PlainSpan | undefined,
  begin: bigint,
  resource: PlainResource,
  scope: PlainScope,
): PlainSpan {
  const offset = parent === undefined ? 0n : random.pick([0n, 1n, 1_000_000n, 59_000_000_000n, 600_000_000_000n]);
  const start = random.chance(0.004) ? 0n : begin + offset;
  const duration = random.pick([
    0n,
    1n,
    1000n,
    2000n,
    4500n,
    5500n,
    BigInt(random.below(1_000_000_000)),
    7_200_000_000_000n,
  ]);
  return {
    traceId,
    spanId: random.hex(8),
    parentSpanId: parent?.spanId ?? "",
    traceState: random.chance(0.1) ? "vendor=1" : "",
    flags: random.pick([0, 1, 257]),
    name: random.pick(OPERATIONS),
    kind: random.below(7),
    start,
    end: random.chance(0.02) ? start - (start === 0n ? 0n : 5n) : start + duration,
    attributes: random.chance(0.01) ? manyAttributes(random) : attributesOf(random, 3, `${traceId.slice(-6)}`),
    events: random.chance(0.2)
      ? [
          {
            time: begin + 5n,
            name: random.pick(["exception", "retry", ""]),
            attributes: attributesOf(random, 1),
          },
        ]
      : [],
    links: random.chance(0.1)
      ? [{ traceId: random.hex(16), spanId: random.hex(8), attributes: attributesOf(random, 1) }]
      : [],
    status: random.pick([0, 0, 1, 2, 5]),
    statusMessage: random.chance(0.1) ? "went wrong" : "",
    resource,
    scope,
  };
}

function attributesOf(random: Random, most: number, unique?: string): PlainAttribute[] {
  const attributes: PlainAttribute[] = Array.from({ length: random.below(most + 1) }, () =>
    random.chance(0.15) ? random.pick(LITERALS) : [random.pick(KEYS), random.pick(VALUES)],
  );
  if (unique !== undefined && random.chance(0.3)) attributes.push(["request.id", { string: unique }]);
  return attributes;
}

/** More than the index takes of one span. */
const manyAttributes = (random: Random): PlainAttribute[] => [
  ...Array.from({ length: 60 + random.below(60) }, (_, i): PlainAttribute => [`wide.${i}`, { int: BigInt(i % 7) }]),
  ...attributesOf(random, 3),
];

function resourceOf(random: Random, i: number): PlainResource {
  const name = SERVICE_NAMES[i % SERVICE_NAMES.length];
  return {
    attributes: [
      ...attributesOf(random, 2),
      ["host.name", { string: `host-${i % 5}` }],
      ...(name === undefined ? [] : ([["service.name", name]] as const)),
      ...(random.chance(0.2) ? ([["service.name", { string: "second" }]] as const) : []),
    ],
  };
}

const scopeOf = (random: Random): PlainScope => ({
  name: random.pick(["io.shop", "net/http", ""]),
  version: random.pick(["1.2.3", "2.0", ""]),
  attributes: attributesOf(random, 2),
});

/** The spans as TracesData, a ResourceSpans for each resource. */
export function encodeSpans(spans: readonly PlainSpan[]): Uint8Array {
  const resourceSpans = [...Map.groupBy(spans, (span) => span.resource)].map(([resource, own]) => ({
    resource: { attributes: resource.attributes.map(keyValue) },
    scopeSpans: [...Map.groupBy(own, (span) => span.scope)].map(([scope, inner]) => ({
      scope: { name: scope.name, version: scope.version, attributes: scope.attributes.map(keyValue) },
      spans: inner.map(protobufSpan),
    })),
  }));
  return TracesData.encode({ resourceSpans } as never).finish();
}

const protobufSpan = (span: PlainSpan) => ({
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentSpanId: hex(span.parentSpanId),
  traceState: span.traceState,
  flags: span.flags,
  name: span.name,
  kind: span.kind,
  startTimeUnixNano: long(span.start, true),
  endTimeUnixNano: long(span.end, true),
  attributes: span.attributes.map(keyValue),
  events: span.events.map(({ time, name, attributes }) => ({
    timeUnixNano: long(time, true),
    name,
    attributes: attributes.map(keyValue),
  })),
  links: span.links.map((link) => ({
    traceId: hex(link.traceId),
    spanId: hex(link.spanId),
    attributes: link.attributes.map(keyValue),
  })),
  status: { code: span.status, message: span.statusMessage },
});

function keyValue([key, value]: PlainAttribute): object {
  return "nothing" in value && value.nothing === "absent" ? { key } : { key, value: anyValue(value) };
}

function anyValue(value: PlainValue): object {
  if ("string" in value) return { stringValue: value.string };
  if ("bool" in value) return { boolValue: value.bool };
  if ("int" in value) return { intValue: long(value.int, false) };
  if ("double" in value) return { doubleValue: value.double };
  if ("bytes" in value) return { bytesValue: Buffer.from(value.bytes) };
  if ("array" in value) return { arrayValue: { values: value.array.map(anyValue) } };
  return "map" in value ? { kvlistValue: { values: value.map.map(keyValue) } } : {};
}

const hex = (text: string): Buffer => Buffer.from(text, "hex");

const long = (value: bigint, unsigned: boolean) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned,
});
