import fc from "fast-check";

/** A Jaeger batch as data, under the names of jaeger.thrift; ids and integers are unsigned or signed bigints. */
export interface PlainBatch {
  readonly process: { readonly serviceName: string; readonly tags?: readonly PlainTag[] | undefined };
  readonly spans: readonly PlainSpan[];
}

export interface PlainTag {
  readonly key: string;
  readonly vType: number;
  readonly vStr?: string;
  readonly vDouble?: number;
  readonly vBool?: boolean;
  readonly vLong?: bigint;
  readonly vBinary?: Uint8Array;
}

export interface PlainReference {
  readonly refType: number;
  readonly traceIdLow: bigint;
  readonly traceIdHigh: bigint;
  readonly spanId: bigint;
}

export interface PlainSpan {
  readonly traceIdLow: bigint;
  readonly traceIdHigh: bigint;
  readonly spanId: bigint;
  readonly parentSpanId: bigint;
  readonly operationName: string;
  readonly references?: readonly PlainReference[];
  readonly flags: number;
  readonly startTime: bigint;
  readonly duration: bigint;
  readonly tags?: readonly PlainTag[] | undefined;
  readonly logs?: readonly { readonly timestamp: bigint; readonly fields: readonly PlainTag[] }[] | undefined;
}

const id = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const high = fc.oneof(fc.constant(0n), id);
const micros = fc.bigInt({ min: 1n, max: 4_000_000_000_000_000n });
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const key = fc.string({ unit: "grapheme", maxLength: 8 }).map((name) => `k.${name}`);
const double = fc
  .oneof(
    fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
    fc.constantFrom(1e300, 1e-300, Math.PI),
  )
  .map((n) => n + 0);

const tag: fc.Arbitrary<PlainTag> = fc.oneof(
  fc.record({ key, vType: fc.constant(0), vStr: fc.string({ unit: "grapheme" }) }),
  fc.record({ key, vType: fc.constant(1), vDouble: double }),
  fc.record({ key, vType: fc.constant(2), vBool: fc.boolean() }),
  fc.record({ key, vType: fc.constant(3), vLong: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.record({ key, vType: fc.constant(4), vBinary: fc.uint8Array({ maxLength: 20 }) }),
);

const tags = fc.array(tag, { maxLength: 5 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const span: fc.Arbitrary<PlainSpan> = fc
  .record({
    traceIdLow: id,
    traceIdHigh: high,
    spanId: id,
    parentSpanId: fc.oneof(fc.constant(0n), id),
    operationName: text,
    others: fc.array(fc.record({ refType: fc.constantFrom(0, 1), own: fc.boolean(), low: id, high, spanId: id }), {
      maxLength: 3,
    }),
    flags: fc.constantFrom(0, 1, 3),
    startTime: micros,
    duration: fc.bigInt({ min: 1n, max: 10_000_000n }),
    tags: maybe(tags),
    logs: maybe(fc.array(fc.record({ timestamp: micros, fields: tags }), { maxLength: 3 })),
  })
  .map(({ others, ...own }) => ({
    ...own,
    references: others.map((other) => ({
      refType: other.refType,
      traceIdLow: other.own ? own.traceIdLow : other.low,
      traceIdHigh: other.own ? own.traceIdHigh : other.high,
      spanId: other.spanId,
    })),
  }));

/** Any batch whose keys mean nothing special. */
export const anyBatch: fc.Arbitrary<PlainBatch> = fc.record({
  process: fc.record({ serviceName: text, tags: maybe(tags) }),
  spans: fc.array(span, { maxLength: 5 }),
});
