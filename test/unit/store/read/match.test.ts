import { describe, expect, test } from "vitest";
import type { Span } from "../../../../lib/model/span.ts";
import { spanTest } from "../../../../lib/store/read/match.ts";
import { aResource, aSpan, attributes } from "../../../support/a-trace.ts";

const matches = (span: Partial<Span>, key: string, value: string): boolean =>
  spanTest({
    service: undefined,
    operation: undefined,
    tags: [{ key, value }],
    startMinNanos: 0n,
    startMaxNanos: 2n ** 63n,
    durationMinNanos: undefined,
    durationMaxNanos: undefined,
    limit: 1,
  })(aSpan(span));

describe("the keys that Jaeger treats specially", () => {
  test.each([
    ["error", "true", 2, true],
    ["error", "1", 2, true],
    ["error", "true", 1, false],
    ["error", "false", 0, true],
    ["error", "F", 1, true],
    ["error", "false", 2, false],
    ["error", "yes", 2, false],
    ["span.status", "ERROR", 2, true],
    ["span.status", "ok", 1, true],
    ["span.status", "whatever", 0, true],
    ["span.status", "error", 1, false],
    ["otel.status_code", "ERROR", 2, true],
    ["otel.status_code", "OK", 1, true],
    ["otel.status_code", "error", 2, false],
    ["otel.status_code", "UNSET", 0, false],
  ])("%s=%s on a span of status %i: %s", (key, value, statusCode, expected) => {
    expect(matches({ statusCode }, key, value)).toBe(expected);
  });

  test.each([
    ["server", 2, true],
    ["CLIENT", 3, true],
    ["client", 2, false],
    ["whatever", 0, true],
  ])("span.kind=%s on a span of kind %i: %s", (value, kind, expected) => {
    expect(matches({ kind }, "span.kind", value)).toBe(expected);
  });

  test("scope and resource are reached by their prefixes, in Jaeger's and in OpenTelemetry's spelling", () => {
    const scope = { ...aSpan().scope, name: "io.shop", version: "2" };
    expect(matches({ scope }, "scope.name", "io.shop")).toBe(true);
    expect(matches({ scope }, "otel.scope.version", "2")).toBe(true);
    expect(matches({ scope }, "scope.name", "io")).toBe(false);
    const resource = aResource("cart", { zone: "a" });
    expect(matches({ resource }, "resource.zone", "a")).toBe(true);
    expect(matches({ attributes: attributes({ zone: "a" }) }, "resource.zone", "a")).toBe(false);
  });

  test("an event is found by its name, as Jaeger shows it", () => {
    const event = { timeNanos: 1n, name: "exception", attributes: [], droppedAttributesCount: 0 };
    expect(matches({ events: [event] }, "event", "exception")).toBe(true);
    expect(matches({ events: [{ ...event, name: "" }] }, "event", "")).toBe(false);
  });

  test("each is also an attribute of that very name, whatever the fields say", () => {
    for (const [key, value] of [
      ["error", "timeout"],
      ["error", "true"],
      ["span.kind", "Server"],
      ["span.status", "error"],
      ["otel.status_code", "ERROR"],
      ["resource.zone", "a"],
      ["scope.name", "x"],
      ["event", "e"],
    ] as const)
      expect([key, matches({ kind: 1, statusCode: 0, attributes: attributes({ [key]: value }) }, key, value)]).toEqual([
        key,
        true,
      ]);
  });
});

test("values are compared as text, whatever their type and level", () => {
  const values = { int: 123n, double: 72.5, bool: true, bytes: Uint8Array.of(1, 2), text: "a" };
  const texts = { int: "123", double: "72.5", bool: "true", bytes: "AQI=", text: "a" };
  const all = attributes(values);
  const event = { timeNanos: 1n, name: "e", attributes: all, droppedAttributesCount: 0 };
  const link = { traceId: "", spanId: "", traceState: "", attributes: all, droppedAttributesCount: 0, flags: 0 };
  const levels: readonly Partial<Span>[] = [
    { attributes: all },
    { resource: { ...aResource("cart"), attributes: all } },
    { scope: { ...aSpan().scope, attributes: all } },
    { events: [event] },
    { links: [link] },
  ];
  for (const level of levels)
    for (const [key, value] of Object.entries(texts)) {
      expect(matches(level, key, value)).toBe(true);
      expect(matches(level, key, `${value} `)).toBe(false);
    }
});
