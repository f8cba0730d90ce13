import fc from "fast-check";
import { expect, test } from "vitest";
import { zipkinV2JsonToOtlp } from "../../lib/zipkin/v2-json.ts";
import { zipkinV2ProtoToOtlp } from "../../lib/zipkin/v2-proto.ts";
import { listOfSpans } from "../support/foreign-proto.ts";
import { shownAsJaeger } from "../support/shown-as-jaeger.ts";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).filter((id) => id.some((byte) => byte !== 0));
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 });
const micros = fc.integer({ min: 1, max: 4_000_000_000_000_000 });

const anySpan = fc.record({
  trace: fc.oneof(hex(8), hex(16)),
  id: hex(8),
  name: text,
  service: text,
  kind: fc.constantFrom("CLIENT", "SERVER", "PRODUCER", "CONSUMER"),
  timestamp: micros,
  duration: fc.integer({ min: 1, max: 1_000_000 }),
  annotations: fc.array(fc.record({ timestamp: micros, value: text }), { maxLength: 3 }),
  tags: fc.dictionary(
    text.map((key) => `k.${key}`),
    text,
    { maxKeys: 4 },
  ),
});

const anySpans = fc.uniqueArray(anySpan, { maxLength: 4, selector: ({ id }) => Buffer.from(id).toString("hex") });

test("a span says the same in JSON and, as protobufjs wrote it, in protobuf: what it was told", () => {
  fc.assert(
    fc.property(anySpans, (spans) => {
      const text = JSON.stringify(
        spans.map(({ trace, id, service, ...own }) => ({
          traceId: Buffer.from(trace).toString("hex"),
          id: Buffer.from(id).toString("hex"),
          localEndpoint: { serviceName: service },
          ...own,
        })),
      );
      const message = listOfSpans.fromObject({
        spans: spans.map(({ trace, service, ...own }) => ({
          ...{ trace_id: trace, local_endpoint: { service_name: service }, ...own },
        })),
      });
      const shown = shownAsJaeger(zipkinV2JsonToOtlp(Buffer.from(text)));
      expect(shownAsJaeger(zipkinV2ProtoToOtlp(listOfSpans.encode(message).finish()))).toEqual(shown);
      const byId = (a: { spanID: string }, b: { spanID: string }) => (a.spanID < b.spanID ? -1 : 1);
      expect(shown.sort(byId)).toMatchObject(spans.map(expected).sort(byId));
    }),
  );
});

const expected = (span: typeof anySpan extends fc.Arbitrary<infer T> ? T : never) => ({
  traceID: Buffer.from(span.trace)
    .toString("hex")
    .replace(/^0{16}(?=.{16}$)/, ""),
  spanID: Buffer.from(span.id).toString("hex"),
  operationName: span.name,
  references: [],
  startTime: span.timestamp,
  duration: span.duration,
  tags: [
    ...Object.entries(span.tags).map(([key, value]) => ({ key, type: "string", value })),
    { key: "span.kind", type: "string", value: span.kind.toLowerCase() },
  ],
  logs: span.annotations.map(({ timestamp, value }) => ({
    timestamp,
    fields: [{ key: "event", type: "string", value }],
  })),
  process: { serviceName: span.service, tags: [] },
});
