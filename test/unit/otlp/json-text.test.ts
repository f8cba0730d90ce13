import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText } from "../../../lib/otlp/json-text.ts";

const nested = (levels: number) => Buffer.from(`${"[".repeat(levels)}${"]".repeat(levels)}`);

test("whatever JSON.stringify writes is text again, brackets and quotes within strings too", () => {
  const tricky = fc.string({ unit: fc.constantFrom("[", "{", '"', "\\", "}", "é", "a") });
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 20 }), fc.array(tricky), (value, texts) => {
      const json = JSON.stringify([value, texts.map((text) => text.repeat(50))]);
      expect(jsonText(Buffer.from(json))).toBe(json);
    }),
  );
});

test("what nests deeper than any message is refused with the place, before anyone spends time on it", () => {
  expect(jsonText(nested(200))).toHaveLength(400);
  expect(() => jsonText(nested(201))).toThrow("body: malformed JSON at byte 200: expected at most 200 levels");
  expect(() => jsonText(Buffer.alloc(32 << 20, "["))).toThrow("at byte 200");
  expect(() => jsonText(Buffer.from(`"\\\\${'"'}${"{".repeat(201)}`))).toThrow("at byte 204");
});

test("what is not UTF-8 is refused; a string without an end is left to the parser", () => {
  expect(() => jsonText(Buffer.from([0x22, 0xff, 0x22]))).toThrow("body: expected JSON in UTF-8");
  expect(jsonText(Buffer.from('["[[[[\\"'))).toBe('["[[[[\\"');
});
