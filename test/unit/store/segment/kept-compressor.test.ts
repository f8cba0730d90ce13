import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compress } from "../../../../lib/store/segment/kept-compressor.ts";

const run = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 3000 }))
  .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes)));

const once = (bytes: Uint8Array, level: number): Buffer =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level }, pledgedSrcSize: bytes.length });

test("a frame is what a fresh compressor makes, whatever was compressed before it", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(run, fc.constantFrom(3, 19)), { minLength: 1, maxLength: 6 }), (runs) => {
      for (const [bytes, level] of runs) {
        const frame = Buffer.from(compress(bytes, level));
        expect(frame.equals(once(bytes, level))).toBe(true);
        expect(zstdDecompressSync(frame).equals(bytes)).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

test("what nothing repeats in comes back too, at the kept room's end and beyond it", () => {
  let state = 1;
  const noise = Uint8Array.from({ length: 600 * 1024 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  for (const length of [1, 512 * 1024, 512 * 1024 + 1, noise.length]) {
    const bytes = noise.subarray(0, length);
    expect(zstdDecompressSync(Buffer.from(compress(bytes, 3))).equals(bytes)).toBe(true);
  }
});
