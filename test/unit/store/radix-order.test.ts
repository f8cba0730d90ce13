import fc from "fast-check";
import { expect, test } from "vitest";
import { radixOrder } from "../../../lib/store/radix-order.ts";

test("orders what fits the bits as a comparator does, equal values as they came", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 53 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
      (bits, shares) => {
        const values = Float64Array.from(shares, (share) => Math.floor(share * (2 ** bits - 1)));
        const expected = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);
        expect([...radixOrder(values, bits)]).toEqual(expected);
      },
    ),
  );
});

test("orders many values, half of them equal to another", () => {
  const values = Uint32Array.from({ length: 20_000 }, (_, i) => Math.imul(i >>> 1, 0x9e3779b1));
  const expected = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);
  expect([...radixOrder(values, 32)]).toEqual(expected);
});
