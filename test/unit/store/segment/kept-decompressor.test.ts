import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inflate, inflateShared } from "../../../../lib/store/segment/kept-decompressor.ts";

const run = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 900 }))
  .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes)));

const damaged = fc.record({
  bytes: run,
  /** How many of the frame's last bytes are lost; or, if below, how many strange ones follow it. */
  lost: fc.integer({ min: -6, max: 12 }),
  flipped: fc.option(fc.nat(5000), { nil: undefined }),
});

function frameOf({ bytes, lost, flipped }: { bytes: Buffer; lost: number; flipped: number | undefined }): Buffer {
  const frame = Buffer.concat([zstdCompressSync(bytes), Buffer.alloc(Math.max(0, -lost), 0x28)]);
  if (flipped !== undefined) frame[flipped % frame.length] = (frame[flipped % frame.length] ?? 0) ^ 1;
  return frame.subarray(0, Math.max(1, frame.length - Math.max(0, lost)));
}

test("an intact frame comes back whole, whatever was inflated before it, and stays what it is", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(run, damaged), { minLength: 1, maxLength: 12 }), (all) => {
      const made: [Uint8Array, Buffer][] = [];
      for (const one of all) {
        if (one instanceof Uint8Array) made.push([inflate(zstdCompressSync(one), one.length), one]);
        else
          try {
            inflate(frameOf(one), one.bytes.length);
          } catch {
            // What comes of it is looked at below.
          }
      }
      for (const [bytes, expected] of made) expect(expected.equals(bytes)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("what is lent until the next call is the frame's bytes, and takes nothing from what was given before", () => {
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 6 }), (all) => {
      const made: [Uint8Array, Buffer][] = [];
      for (const one of all) {
        made.push([inflate(zstdCompressSync(one), one.length), one]);
        expect(one.equals(inflateShared(zstdCompressSync(one), one.length))).toBe(true);
      }
      for (const [bytes, expected] of made) expect(expected.equals(bytes)).toBe(true);
    }),
    { numRuns: 100 },
  );
  for (const length of [500_000, 524_288, 524_289, 900_000]) {
    const bytes = Buffer.alloc(length, "span ");
    expect(bytes.equals(inflateShared(zstdCompressSync(bytes), length))).toBe(true);
    expect(() => inflateShared(zstdCompressSync(bytes), length - 1)).toThrow();
  }
});

test("of a damaged frame comes what a fresh decompressor makes of it, or a fault as there", () => {
  fc.assert(
    fc.property(damaged, (one) => {
      const frame = frameOf(one);
      let expected: Buffer | undefined;
      try {
        expected = zstdDecompressSync(frame, { maxOutputLength: one.bytes.length });
      } catch {
        expected = undefined;
      }
      const take = () => inflate(frame, one.bytes.length);
      // Bytes that are all there without the frame's own end are as good.
      if (expected === undefined) {
        let made: Uint8Array | undefined;
        try {
          made = take();
        } catch {
          made = undefined;
        }
        expect(made === undefined || one.bytes.equals(made)).toBe(true);
      } else expect(expected.equals(take())).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("a frame that holds more than it may is refused before it is inflated", () => {
  const frame = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  for (const length of [0, 1, 1000, 128 * 1024, 128 * 1024 + 1]) expect(() => inflate(frame, length)).toThrow();
});
