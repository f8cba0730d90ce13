import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader } from "../../lib/store/segment/byte-reader.ts";
import { ByteWriter } from "../../lib/store/segment/byte-writer.ts";
import { readColumns } from "../../lib/store/segment/read-columns.ts";
import { writeColumns } from "../../lib/store/segment/write-columns.ts";

const TAG_BYTES = 2;
const TAG_FIXED64 = 1;

const varint = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
const message = (number: number, body: readonly number[]): number[] => [
  ...varint((number << 3) | TAG_BYTES),
  ...varint(body.length),
  ...body,
];

const bytes = (length: number) => fc.array(fc.integer({ min: 0, max: 255 }), { minLength: length, maxLength: length });
/** Few, so that parents are found and traces come again. */
const id = (length: number) =>
  fc.oneof(
    bytes(length),
    fc.nat(3).map((n) => Array<number>(length).fill(n)),
  );
const time = (number: number) =>
  fc
    .oneof(
      bytes(8),
      bytes(3).map((low) => [...low, 0, 0, 1, 2, 3]),
    )
    .map((value) => [(number << 3) | TAG_FIXED64, ...value]);

/** Fields of a span in any order and number, ids of any length, fields and groups that nobody knows. */
const spanField = fc.oneof(
  id(16).map((value) => message(1, value)),
  id(8).map((value) => message(2, value)),
  id(8).map((value) => message(4, value)),
  time(7),
  time(8),
  fc
    .tuple(fc.constantFrom(1, 2, 4, 5, 9, 200), fc.nat(20).chain(bytes))
    .map(([number, value]) => message(number, value)),
  fc.nat(5).map((kind) => [(6 << 3) | 0, kind]),
  fc.constant<number[]>([(1 << 3) | 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
  bytes(4).map((value) => [...varint((16 << 3) | 5), ...value]),
  id(16).map((value) => [
    ...varint((90 << 3) | 3),
    ((91 << 3) & 0x7f) | 0x83,
    5,
    ...message(1, value),
    ((91 << 3) & 0x7f) | 0x84,
    5,
    ...varint((90 << 3) | 4),
  ]),
  // A length that takes more bytes than it needs.
  id(8).map((value) => [(2 << 3) | TAG_BYTES, 0x88, 0x80, 0x00, ...value]),
);
const fields = (one: fc.Arbitrary<number[]>) => fc.array(one, { maxLength: 12 }).map((all) => all.flat());
const shared = fc
  .nat(20)
  .chain(bytes)
  .map((body) => message(1, body));
const traces = fields(
  fields(
    fc.oneof(
      shared,
      fields(
        fc.oneof(
          shared,
          fields(spanField).map((body) => message(2, body)),
        ),
      ).map((body) => message(2, body)),
    ),
  ).map((body) => message(1, body)),
);

test("a page's message comes back to the last byte, whatever its spans' fields are like", () => {
  fc.assert(
    fc.property(traces, (sent) => {
      const out = new ByteWriter();
      writeColumns(out, Uint8Array.from(sent));
      const reader = new ByteReader("page", out.finish());
      expect([...readColumns(reader, sent.length)]).toEqual(sent);
      reader.close();
    }),
    { numRuns: 500 },
  );
});
