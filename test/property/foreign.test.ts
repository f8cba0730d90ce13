import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TracingError } from "../../lib/model/errors.ts";
import { readForeign } from "../../lib/pipeline/read-foreign.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { decodeForeign, foreignSize } from "../../lib/stream/foreign-record.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { type PlainResource, toProtobuf } from "../data/plain-traces.ts";
import { Random } from "../data/random.ts";
import { aggregated, sealed } from "../support/aggregated.ts";
import { plainTraces } from "../support/arbitrary-traces.ts";
import { memoryItems } from "../support/memory-items.ts";

const { Span, TracesData } = opentelemetry.proto.trace.v1;
const { Resource } = opentelemetry.proto.resource.v1;
const { InstrumentationScope: Scope } = opentelemetry.proto.common.v1;

const PLAIN = { longs: String, bytes: String, defaults: true };

const NOW = 1_764_000_000_000;
const read = readForeign({ tenant: "acme", retentionHours: 168 });
const readNow = (data: Uint8Array) => read({ sequenceNumber: "1", data, arrivedMillis: NOW });

/** Every span as text with its resource and scope, sorted, as protobufjs reads them. */
const spansOf = (messages: readonly Uint8Array[]): string[] =>
  messages
    .flatMap((bytes) => TracesData.decode(bytes).resourceSpans)
    .flatMap((resource) =>
      (resource.scopeSpans ?? []).flatMap((scope) =>
        (scope.spans ?? []).map((span) =>
          JSON.stringify([
            resource.schemaUrl,
            Resource.toObject(Resource.fromObject(resource.resource ?? {}), PLAIN),
            scope.schemaUrl,
            Scope.toObject(Scope.fromObject(scope.scope ?? {}), PLAIN),
            Span.toObject(Span.fromObject(span), PLAIN),
          ]),
        ),
      ),
    )
    .sort();

/** Spans that were just sent, whatever else they say. */
const lately = (resources: readonly PlainResource[]): PlainResource[] =>
  resources.map((resource) => ({
    ...resource,
    scopes: resource.scopes.map((scope) => ({
      ...scope,
      spans: scope.spans.map((span) => ({
        ...span,
        startNanos: BigInt(NOW) * 1_000_000n - (span.startNanos % 1_000n),
      })),
    })),
  }));

const packings: readonly ((bytes: Uint8Array) => Uint8Array)[] = [(bytes) => bytes, gzipSync, deflateSync];

const batches = itemBatches({ items: memoryItems(), clock: () => NOW, random: () => 0, sleep: async () => {} });
const store = traceWriter({ batches, retentionHours: 168 });

/** Text that is not UTF-8 is stored, and shown as well as it can be; protobufjs refuses it. */
function decodeUnlessText(bytes: Uint8Array): void {
  try {
    TracesData.decode(bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_ENCODING_INVALID_ENCODED_DATA" });
  }
}

/** A message, and how a user record holds it. */
const userRecord = fc
  .record({ traces: plainTraces.map(lately), seed: fc.nat(), pack: fc.constantFrom(...packings) })
  .map(({ traces, seed, pack }) => {
    const message = toProtobuf(traces, new Random(seed));
    return { message, data: pack(message) };
  });

/** A Kinesis record: one message, or an aggregate of up to twenty. */
const kinesisRecord = fc.oneof(
  userRecord.filter(({ data }) => data.length > 0).map((one) => ({ messages: [one.message], data: one.data })),
  fc.array(userRecord, { minLength: 1, maxLength: 20 }).map((all) => ({
    messages: all.map(({ message }) => message),
    data: aggregated(all.map(({ data }) => data)),
  })),
);

/** Cuts bytes off the end, and flips some bits. */
const damage = fc
  .record({ cut: fc.nat(), flips: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { maxLength: 4 }) })
  .map(({ cut, flips }) => (data: Uint8Array): Buffer => {
    const damaged = Buffer.from(cut % 2 === 0 ? data : data.subarray(0, data.length - (cut % data.length)));
    for (const [at, bit] of flips)
      if (damaged.length > 0) damaged[at % damaged.length] = (damaged[at % damaged.length] ?? 0) ^ (1 << bit);
    return damaged;
  });

/** Whatever it is, it can be indexed, or is refused as what never can be read; and it holds no more than it says. */
function readOrRefuse(data: Uint8Array): void {
  try {
    const { batch } = readNow(data);
    store.check(batch);
    decodeUnlessText(batch.traces);
    expect(foreignSize(data)).toBeGreaterThanOrEqual(batch.traces.length);
  } catch (error) {
    if (!(error instanceof TracingError)) throw error;
    expect(error.code).toBe("invalid_argument");
  }
}

describe("any record of the foreign stream", () => {
  test("holds the spans that were put into it, as protobufjs reads them, one by one and as one batch", () => {
    fc.assert(
      fc.property(kinesisRecord, ({ messages, data }) => {
        const expected = spansOf(messages);
        expect(spansOf(decodeForeign(data))).toEqual(expected);
        const { batch, refused } = readNow(data);
        expect(refused?.spans).toBe(0);
        expect(spansOf([batch.traces])).toEqual(expected);
        expect([batch.tenant, batch.receivedNanos]).toEqual(["acme", BigInt(NOW) * 1_000_000n]);
      }),
      { numRuns: 200 },
    );
  });

  test("says before that it may hold at least as much", () => {
    fc.assert(
      fc.property(kinesisRecord, ({ data }) => {
        const bytes = decodeForeign(data).reduce((sum, message) => sum + message.length, 0);
        expect(foreignSize(data)).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });

  test("that is cut off or damaged is a message all the same, or never can be read: nothing else happens", () => {
    fc.assert(
      fc.property(kinesisRecord, damage, ({ data }, harm) => readOrRefuse(harm(data))),
      { numRuns: 500 },
    );
  });

  test("that a broken producer sealed is so too, whether it broke messages or what holds them", () => {
    fc.assert(
      fc.property(fc.array(userRecord, { minLength: 1, maxLength: 5 }), damage, damage, (all, harm, harmAll) => {
        const messages = all.map(({ message }, i) => (i % 2 === 0 ? gzipSync(harm(message)) : harm(message)));
        readOrRefuse(aggregated(messages));
        readOrRefuse(sealed(harmAll(aggregated(messages).subarray(4, -16))));
      }),
      { numRuns: 500 },
    );
  });

  test("is judged message by message: one that runs into the next is not read", () => {
    const whole = TracesData.encode({ resourceSpans: [{ schemaUrl: "abcdef" }] }).finish();
    for (let at = 1; at < whole.length; at++)
      expect(() => readNow(aggregated([whole.subarray(0, at), whole.subarray(at)]))).toThrow(TracingError);
  });
});
