import { describe, expect, test } from "vitest";
import { type AttributeVisitor, walkSource, walkSpan } from "../../../lib/otlp/attribute-walk.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import { utf8 } from "../../../lib/otlp/text.ts";
import { plainStringStart, valueText } from "../../../lib/otlp/value.ts";
import { opentelemetry } from "../../../proto/gen/index.js";

const { AnyValue, KeyValue } = opentelemetry.proto.common.v1;
const { TracesData } = opentelemetry.proto.trace.v1;

function recorder(bytes: Uint8Array): { readonly seen: unknown[]; readonly visitor: AttributeVisitor } {
  const seen: unknown[] = [];
  return {
    seen,
    visitor: {
      attribute: (level, keyStart, keyEnd, valueStart, valueEnd) => {
        seen.push([level, utf8(bytes, keyStart, keyEnd), valueText(bytes, valueStart, valueEnd)]);
      },
      eventName: (start, end) => {
        seen.push(["name", utf8(bytes, start, end)]);
      },
    },
  };
}

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

describe("the attribute walk", () => {
  test("meets every attribute of every level", () => {
    const bytes = TracesData.encode({
      resourceSpans: [
        {
          resource: { attributes: [attribute("service.name", "cart")] },
          scopeSpans: [
            {
              scope: { name: "http", attributes: [attribute("s", "scope's")] },
              spans: [
                {
                  traceId: new Uint8Array(16).fill(1),
                  spanId: new Uint8Array(8).fill(1),
                  attributes: [attribute("a", "1"), { key: "bare" }, { key: "n", value: { boolValue: false } }],
                  events: [{ name: "exception", attributes: [attribute("e", "2")] }, {}],
                  links: [{ attributes: [attribute("l", "3")] }],
                },
              ],
            },
          ],
        },
      ],
    }).finish();
    const { table } = scanTraces(bytes);
    const own = recorder(bytes);
    walkSpan(table, 0, own.visitor);
    expect(own.seen).toEqual([
      ["span", "a", "1"],
      ["span", "bare", ""],
      ["span", "n", "false"],
      ["event", "e", "2"],
      ["name", "exception"],
      ["link", "l", "3"],
    ]);
    const shared = recorder(bytes);
    walkSource(table, 0, shared.visitor);
    expect(shared.seen).toEqual([
      ["resource", "service.name", "cart"],
      ["scope", "s", "scope's"],
    ]);
  });
});

describe("a value's text", () => {
  const text = (bytes: Uint8Array): string => valueText(bytes, 0, bytes.length);
  const hex = (digits: string): Uint8Array => Buffer.from(digits.replaceAll(" ", ""), "hex");

  test("of an int is signed", () => {
    expect(text(hex("18 ffffffffffffffffff01"))).toBe("-1");
  });

  test("of several members is that of the last", () => {
    expect(text(hex("0a0178 1007 1803"))).toBe("3");
  });

  test("of a map is JSON by sorted key", () => {
    const bytes = AnyValue.encode({
      kvlistValue: { values: [attribute("b", "x"), { key: "a", value: { arrayValue: { values: [{}] } } }] },
    }).finish();
    expect(text(bytes)).toBe('{"a":[null],"b":"x"}');
  });

  test("that is not UTF-8 has replacement characters, and is not a plain string", () => {
    const bytes = hex("0a02 61ff");
    expect(text(bytes)).toBe("a\ufffd");
    expect(plainStringStart(bytes, 0, bytes.length)).toBe(-1);
  });

  test.each([0, 1, 127, 128, 300, 16_383, 16_384, 70_000])("of a string of %i bytes is found", (length) => {
    const bytes = AnyValue.encode({ stringValue: "x".repeat(length) }).finish();
    const at = plainStringStart(bytes, 0, bytes.length);
    expect(at).toBe(length < 16_384 ? bytes.length - length : -1);
    expect(text(bytes)).toBe("x".repeat(length));
  });

  test("of a value sent twice is the one that says something last", () => {
    const once = KeyValue.encode(attribute("k", "kept")).finish();
    const seen: unknown[] = [];
    for (const more of ["1200", "1202 1801"]) {
      const keyValue = Buffer.concat([once, hex(more)]);
      const span = Buffer.concat([
        hex("0a10"),
        Buffer.alloc(16, 1),
        hex("1208"),
        Buffer.alloc(8, 1),
        hex("4a"),
        Buffer.of(keyValue.length),
        keyValue,
      ]);
      const scope = Buffer.concat([hex("12"), Buffer.of(span.length), span]);
      const resource = Buffer.concat([hex("12"), Buffer.of(scope.length), scope]);
      const bytes = Buffer.concat([hex("0a"), Buffer.of(resource.length), resource]);
      const { visitor, seen: own } = recorder(bytes);
      walkSpan(scanTraces(bytes).table, 0, visitor);
      seen.push(...own);
    }
    expect(seen).toEqual([
      ["span", "k", "kept"],
      ["span", "k", "1"],
    ]);
  });
});
