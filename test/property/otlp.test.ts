import fc from "fast-check";
import { Reader } from "protobufjs/minimal.js";
import { describe, expect, test } from "vitest";
import type { AnyValue, Attribute } from "../../lib/model/attributes.ts";
import type { Span } from "../../lib/model/span.ts";
import { decodeSpans } from "../../lib/otlp/decode.ts";
import { jsonToTraces } from "../../lib/otlp/json.ts";
import { regroup } from "../../lib/otlp/regroup.ts";
import { scanTraces } from "../../lib/otlp/scan.ts";
import { sourceOrdinals } from "../../lib/otlp/sources.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { toJson, toProtobuf } from "../data/plain-traces.ts";
import { Random } from "../data/random.ts";
import { sendThrough } from "../fuzz/doors.ts";
import { plainTraces } from "../support/arbitrary-traces.ts";

const { ResourceSpans, ScopeSpans, Span: SpanMessage, TracesData } = opentelemetry.proto.trace.v1;

const seed = fc.nat();

/** Every span as text, with all that stands around it, unknown fields included. */
function spansOf(bytes: Uint8Array): string[] {
  const reader = Reader.create(bytes);
  reader.discardUnknown = false;
  return TracesData.decode(reader).resourceSpans.flatMap((resource) => {
    const { scopeSpans, ...around } = resource;
    const shared = text(ResourceSpans.encode(Object.assign(new ResourceSpans(around), unknownsOf(resource))).finish());
    return (scopeSpans ?? []).flatMap((scope) => {
      const { spans, ...within } = scope;
      const own = text(ScopeSpans.encode(Object.assign(new ScopeSpans(within), unknownsOf(scope))).finish());
      return (spans ?? []).map((span) => `${shared} ${own} ${text(SpanMessage.encode(span).finish())}`);
    });
  });
}

/** protobufjs keeps unknown fields in a property that spreading does not copy. */
const unknownsOf = (message: object) => ({ $unknowns: Reflect.get(message, "$unknowns") });

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What protobufjs says of the spans, as the model has them. */
function spansByProtobufjs(bytes: Uint8Array): unknown[] {
  return TracesData.decode(bytes).resourceSpans.flatMap((resource) =>
    (resource.scopeSpans ?? []).flatMap((scope) =>
      (scope.spans ?? []).map((span) => {
        const start = BigInt(String(span.startTimeUnixNano));
        const end = BigInt(String(span.endTimeUnixNano));
        return {
          traceId: text(span.traceId ?? new Uint8Array()),
          spanId: text(span.spanId ?? new Uint8Array()),
          parentSpanId: span.parentSpanId?.length === 8 ? text(span.parentSpanId) : undefined,
          traceState: span.traceState,
          flags: span.flags,
          name: span.name === "" ? "empty-span-name" : span.name,
          kind: span.kind,
          startNanos: start,
          endNanos: end > start ? end : start + 1n,
          attributes: span.attributes?.map(attributeByProtobufjs),
          droppedAttributesCount: span.droppedAttributesCount,
          events: span.events?.map((event) => ({
            timeNanos: BigInt(String(event.timeUnixNano)),
            name: event.name,
            attributes: event.attributes?.map(attributeByProtobufjs),
            droppedAttributesCount: event.droppedAttributesCount,
          })),
          droppedEventsCount: span.droppedEventsCount,
          links: span.links?.map((link) => ({
            traceId: text(link.traceId ?? new Uint8Array()),
            spanId: text(link.spanId ?? new Uint8Array()),
            traceState: link.traceState,
            attributes: link.attributes?.map(attributeByProtobufjs),
            droppedAttributesCount: link.droppedAttributesCount,
            flags: link.flags,
          })),
          droppedLinksCount: span.droppedLinksCount,
          statusCode: span.status?.code ?? 0,
          statusMessage: span.status?.message ?? "",
          resource: {
            attributes: resource.resource?.attributes?.map(attributeByProtobufjs) ?? [],
            droppedAttributesCount: resource.resource?.droppedAttributesCount ?? 0,
            schemaUrl: resource.schemaUrl,
          },
          scope: {
            name: scope.scope?.name ?? "",
            version: scope.scope?.version ?? "",
            attributes: scope.scope?.attributes?.map(attributeByProtobufjs) ?? [],
            droppedAttributesCount: scope.scope?.droppedAttributesCount ?? 0,
            schemaUrl: scope.schemaUrl,
          },
        };
      }),
    ),
  );
}

type KeyValue = opentelemetry.proto.common.v1.KeyValue.$Properties;
type Value = opentelemetry.proto.common.v1.AnyValue.$Properties;

const attributeByProtobufjs = (own: KeyValue): Attribute => ({
  key: own.key ?? "",
  value: own.value ? valueByProtobufjs(own.value) : { type: "empty" },
});

function valueByProtobufjs(value: Value): AnyValue {
  switch (value.value) {
    case "stringValue":
      return { type: "string", value: value.stringValue ?? "" };
    case "boolValue":
      return { type: "bool", value: value.boolValue ?? false };
    case "intValue":
      return { type: "int", value: BigInt(String(value.intValue)) };
    case "doubleValue":
      return { type: "double", value: value.doubleValue ?? 0 };
    case "bytesValue":
      return { type: "bytes", value: Uint8Array.from(value.bytesValue ?? []) };
    case "arrayValue":
      return { type: "array", values: value.arrayValue?.values?.map(valueByProtobufjs) ?? [] };
    case "kvlistValue":
      return { type: "map", entries: value.kvlistValue?.values?.map(attributeByProtobufjs) ?? [] };
    default:
      return { type: "empty" };
  }
}

/** Bytes are compared by content, whatever class carries them. */
const comparable = (spans: readonly Span[]): unknown[] => spans.map(({ warnings, ...span }) => structuredClone(span));

const none = () => undefined;

describe("any OTLP message", { timeout: 120_000 }, () => {
  test("loses and changes nothing when its spans are divided", () => {
    fc.assert(
      fc.property(plainTraces, seed, fc.integer({ min: 1, max: 4 }), (traces, seed, parts) => {
        const random = new Random(seed);
        const bytes = toProtobuf(traces, random);
        const { table, rejected } = scanTraces(bytes);
        expect(rejected).toEqual([]);
        const groups: number[][] = Array.from({ length: parts }, () => []);
        for (let row = 0; row < table.count; row++) random.pick(groups).push(row);
        for (const group of groups) if (random.chance(0.3)) group.reverse();
        const { ordinal } = sourceOrdinals(table);
        const pieces = groups.map((group) => regroup(table, group, random.chance(0.5) ? ordinal : undefined));
        expect(pieces.flatMap(spansOf).sort()).toEqual(spansOf(bytes).sort());
      }),
      { numRuns: 200 },
    );
  });

  test("decodes to what protobufjs reads", () => {
    fc.assert(
      fc.property(plainTraces, seed, (traces, seed) => {
        const bytes = toProtobuf(traces, new Random(seed));
        expect(comparable(decodeSpans(bytes, none))).toEqual(spansByProtobufjs(bytes));
      }),
      { numRuns: 200 },
    );
  });

  test("gives the same spans as JSON and as protobuf", () => {
    fc.assert(
      fc.property(plainTraces, seed, (traces, seed) => {
        const random = new Random(seed);
        const fromJson = decodeSpans(jsonToTraces(Buffer.from(toJson(traces, random))), none);
        expect(fromJson).toEqual(decodeSpans(toProtobuf(traces, random), none));
      }),
      { numRuns: 200 },
    );
  });

  test("cut off at any byte is refused, or is a message that can be divided and read", () => {
    fc.assert(
      fc.property(plainTraces, seed, (traces, seed) => {
        const bytes = toProtobuf(traces, new Random(seed)).subarray(0, 3000);
        for (let end = 0; end <= bytes.length; end++) sendThrough("protobuf", bytes.subarray(0, end));
      }),
      { numRuns: 10 },
    );
  });

  test("with any bytes changed is refused, or is a message that can be divided and read", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(plainTraces, seed, changes, (traces, seed, changes) => {
        const bytes = toProtobuf(traces, new Random(seed));
        if (bytes.length === 0) return;
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        sendThrough("protobuf", bytes);
      }),
      { numRuns: 300 },
    );
  });
});
