import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spanId, traceId } from "../../lib/model/ids.ts";
import type { Span } from "../../lib/model/span.ts";
import { resourceSpansPieces } from "../../lib/otlp/trace-to-json.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { type PlainResource, toProtobuf } from "../data/plain-traces.ts";
import { Random } from "../data/random.ts";
import { plainTraces } from "../support/arbitrary-traces.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

/** The messages' spans as the query side holds them: those of one source share its objects. */
const modelSpans = (resources: readonly PlainResource[]): Span[] =>
  resources.flatMap(({ scopes, ...resource }) =>
    scopes.flatMap(({ spans, ...scope }) =>
      spans.map((span) => ({
        ...span,
        traceId: traceId(span.traceId),
        spanId: spanId(span.spanId),
        parentSpanId: span.parentSpanId === "" ? undefined : spanId(span.parentSpanId),
        resource,
        scope,
        warnings: [],
      })),
    ),
  );

const written = (spans: readonly Span[]): string => {
  const [first] = spans;
  const id = first?.traceId ?? traceId("1".padStart(32, "0"));
  return [...resourceSpansPieces({ traceId: id, spans, warnings: [] })].join("");
};

/** Protobufjs reads base64 where OTLP's JSON has hex. */
const parsed = (text: string) =>
  TracesData.fromObject(
    JSON.parse(`{"resourceSpans":[${text}]}`, (key, value) =>
      /^(traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value, "hex").toString("base64") : value,
    ),
  );

/** Every span as text, with all that stands around it; sorted, since equal sources are written together. */
function texts(data: InstanceType<typeof TracesData>): string[] {
  const all = TracesData.toObject(data, { defaults: true, arrays: true, longs: String, bytes: String });
  const text = (value: unknown) =>
    JSON.stringify(value, (key, inner) => {
      if (typeof inner === "number" && (!Number.isFinite(inner) || Object.is(inner, -0)))
        return `number ${Object.is(inner, -0) ? "-0" : inner}`;
      if (key === "value" && inner === null) return {};
      return key === "status" && inner === null ? { message: "", code: 0 } : inner;
    });
  return all.resourceSpans
    .flatMap(({ scopeSpans, ...resource }: { scopeSpans: { spans: unknown[] }[] }) =>
      scopeSpans.flatMap(({ spans, ...scope }) => spans.map((span) => text({ resource, scope, span }))),
    )
    .sort();
}

const RULES: readonly (readonly [keys: RegExp, check: (value: unknown) => void])[] = [
  [/^(.*Nano|intValue)$/, (value) => expect(value).toMatch(/^-?\d+$/)],
  [/^(kind|code|flags|dropped.*)$/, (value) => expect(value).toBeGreaterThan(0)],
  [/^(attributes|events|links|spans|scopeSpans|values)$/, (value) => expect(value).not.toEqual([])],
  [/^(parentSpanId|traceState|schemaUrl|version|message|name)$/, (value) => expect(value).not.toBe("")],
  [/^spans$/, (value) => expectIn(value, "status")],
  [/^scopeSpans$/, (value) => expectIn(value, "scope")],
];

function expectIn(all: unknown, key: string): void {
  if (!Array.isArray(all)) throw new Error("expected an array");
  for (const each of all) expect(each).toHaveProperty(key);
}

describe("a trace as OTLP's JSON", () => {
  test("says all of every span, its scope and its resource", () => {
    fc.assert(
      fc.property(plainTraces, fc.nat(), (resources, seed) => {
        const sent = TracesData.decode(toProtobuf(resources, new Random(seed)));
        expect(texts(parsed(written(modelSpans(resources))))).toEqual(texts(sent));
      }),
      { numRuns: 300 },
    );
  });

  test("writes 64-bit integers as strings, enums as numbers, and nothing that is empty but resource, scope and status", () => {
    fc.assert(
      fc.property(plainTraces, (resources) => {
        JSON.parse(`[${written(modelSpans(resources))}]`, (key, value) => {
          for (const [keys, check] of RULES) if (keys.test(key)) check(value);
          return value;
        });
      }),
      { numRuns: 100 },
    );
  });

  test("puts spans of equal sources together, stored apart or not, in pieces that are bounded", () => {
    const plain = { attributes: [{ key: "service.name", value: { type: "string", value: "web" } as const }] };
    const more = { droppedAttributesCount: 0, schemaUrl: "" };
    const [span] =
      fc.sample(
        plainTraces.map(modelSpans).filter((spans) => spans.length > 0),
        { numRuns: 1, seed: 1 },
      )[0] ?? [];
    if (span === undefined) throw new Error("no span");
    const spans = Array.from({ length: 5000 }, () => ({
      ...span,
      resource: { ...plain, ...more },
      scope: { ...more, name: "io.shop", version: "", attributes: [] },
    }));
    const pieces = [...resourceSpansPieces({ traceId: span.traceId, spans, warnings: [] })];
    expect(pieces.length).toBeGreaterThan(5);
    const [group, ...others] = JSON.parse(`[${pieces.join("")}]`);
    expect([others.length, group.scopeSpans.length, group.scopeSpans[0].spans.length]).toEqual([0, 1, 5000]);
  });
});
