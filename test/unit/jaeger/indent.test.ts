import fc from "fast-check";
import { expect, test } from "vitest";
import { indenter } from "../../../lib/jaeger/indent.ts";

test("indents as JSON.stringify does with four spaces, wherever the text is cut into pieces", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 7 }), (value, size) => {
      const text = JSON.stringify(value);
      const indent = indenter();
      // By code points, as no writer cuts one in two.
      const points = [...text];
      let out = "";
      for (let i = 0; i < points.length; i += size) out += indent(points.slice(i, i + size).join(""));
      expect(out).toBe(JSON.stringify(value, null, 4));
    }),
    { numRuns: 300 },
  );
});

test("numbers stay as they were written", () => {
  expect(indenter()('{"a":1e-07,"b":9007199254740993}')).toBe('{\n    "a": 1e-07,\n    "b": 9007199254740993\n}');
});
