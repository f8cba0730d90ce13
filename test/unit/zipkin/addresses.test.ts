import fc from "fast-check";
import { expect, test } from "vitest";
import { ipv6Text } from "../../../lib/zipkin/addresses.ts";

/** URLs write addresses by the same rule (WHATWG URL, "IPv6 serializer"; RFC 5952). */
const oracle = (groups: readonly number[]) =>
  new URL(`http://[${groups.map((group) => group.toString(16)).join(":")}]/`).hostname.slice(1, -1);

test("an address of sixteen bytes is written as URLs write it", () => {
  const group = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  const groups = fc.array(group, { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, (own) => {
      fc.pre(own[5] !== 0xffff);
      const bytes = Buffer.alloc(16);
      for (const [i, each] of own.entries()) bytes.writeUInt16BE(each, 2 * i);
      expect(ipv6Text(bytes)).toBe(oracle(own));
    }),
    { numRuns: 500 },
  );
});

test("an IPv4 address that was mapped is one", () => {
  expect(ipv6Text(Buffer.from("00000000000000000000ffff0a000001", "hex"))).toBe("10.0.0.1");
});
