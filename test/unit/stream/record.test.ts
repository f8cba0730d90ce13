import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  declaredSize,
  decodeRecord,
  encodeRecord,
  MAX_RAW_BYTES,
  MAX_RECORD_BYTES,
} from "../../../lib/stream/record.ts";
import { skua } from "../../../proto/gen/index.js";
import { Random } from "../../data/random.ts";

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const tenants = fc.string({ unit: "binary", minLength: 1, maxLength: 300 }).filter((text) => text.isWellFormed());
const batches = fc.record({ tenant: tenants, receivedNanos: uint64, traces: fc.uint8Array({ maxLength: 70_000 }) });

const pledged = (raw: Uint8Array): Buffer => zstdCompressSync(raw, { pledgedSrcSize: raw.length });
const record = (frame: Uint8Array, version = 1): Uint8Array => Buffer.concat([Buffer.of(version), frame]);
const spanBatch = (tenant: string, traces: Uint8Array): Uint8Array =>
  skua.v1.SpanBatch.encode({ tenant, traces }).finish();

function noise(bytes: number): Uint8Array {
  const random = new Random(7);
  return Uint8Array.from({ length: bytes }, () => random.below(256));
}

describe("a record", () => {
  test("reads back as it was written", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const read = decodeRecord(encodeRecord(batch));
        expect(read.tenant).toBe(batch.tenant);
        expect(read.receivedNanos).toBe(batch.receivedNanos);
        expect(Buffer.from(read.traces).equals(batch.traces)).toBe(true);
      }),
    );
  });

  test("is a version byte and a zstd frame of what protobufjs reads as a SpanBatch", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const data = encodeRecord(batch);
        expect(data[0]).toBe(1);
        const raw = zstdDecompressSync(data.subarray(1));
        const read = skua.v1.SpanBatch.decode(raw);
        expect(read.tenant).toBe(batch.tenant);
        expect(BigInt(read.receivedUnixNano.toString())).toBe(batch.receivedNanos);
        expect(Buffer.from(read.traces).equals(batch.traces)).toBe(true);
        expect(declaredSize(data)).toBe(raw.length);
      }),
    );
  });

  test("written by protobufjs reads alike, whatever fields come later", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const later = Buffer.from("aa0603616263b00601", "hex"); // field 101 as bytes, 102 as varint
        const known = skua.v1.SpanBatch.encode({ tenant: batch.tenant, traces: batch.traces }).finish();
        const read = decodeRecord(record(pledged(Buffer.concat([later, known, later]))));
        expect(read.tenant).toBe(batch.tenant);
        expect(Buffer.from(read.traces).equals(batch.traces)).toBe(true);
      }),
    );
  });

  test("of version 1 stays readable", () => {
    const data = Buffer.from(
      "0128b52ffd24200101000a0461636d651115cd256fa7fc7a181a0f0a0d0a0b0a090a016112040000000079b1511b",
      "hex",
    );
    expect(decodeRecord(data)).toEqual({
      tenant: "acme",
      receivedNanos: 1_764_000_000_123_456_789n,
      traces: Uint8Array.from(Buffer.from("0a0d0a0b0a090a0161120400000000", "hex")),
    });
  });

  test.each([0, 1, 200, 255, 256, 257, 65_791, 65_792, 1_000_000])("of %i bytes declares its size", (length) => {
    const raw = new Uint8Array(length);
    expect(declaredSize(record(pledged(raw)))).toBe(length);
  });

  test("cut short or with a byte changed is refused, and never reads as something else", () => {
    const batch = { tenant: "acme", receivedNanos: 5n, traces: noise(3000) };
    const data = encodeRecord(batch);
    for (let i = 0; i < data.length; i++)
      expect(() => decodeRecord(data.subarray(0, i))).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    fc.assert(
      fc.property(fc.nat(data.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(data);
        changed[at] = (changed[at] ?? 0) ^ flip;
        let read: Uint8Array | undefined;
        try {
          read = decodeRecord(changed).traces;
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid_argument" });
        }
        if (read !== undefined) expect(crc32(read)).toBe(crc32(batch.traces));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["an unknown version", record(pledged(spanBatch("acme", noise(10))), 2), /version 2/],
    ["no bytes", new Uint8Array(), /version missing/],
    ["no zstd", record(Buffer.from("not a frame at all")), /zstd/],
    ["no tenant", record(pledged(spanBatch("", noise(10)))), /tenant/],
    ["a tenant that is not UTF-8", record(pledged(Buffer.from("0a02c328", "hex"))), /UTF-8/],
  ])("with %s is refused by name", (_, data, message) => {
    expect(() => decodeRecord(data)).toThrow(message);
  });

  test("whose frame does not declare its size is refused before it is inflated", () => {
    const undeclared = zstdCompressSync(spanBatch("acme", noise(5000)), {
      params: { [constants.ZSTD_c_contentSizeFlag]: 0 },
    });
    expect(() => declaredSize(record(undeclared))).toThrow(/does not declare/);
    expect(() => decodeRecord(record(undeclared))).toThrow(/does not declare/);
  });

  test("that declares more than 4 MiB is refused unread", () => {
    const data = record(pledged(new Uint8Array(MAX_RAW_BYTES + 1)));
    expect(data.length).toBeLessThan(10_000);
    expect(() => declaredSize(data)).toThrow(/4194305/);
    expect(() => decodeRecord(data)).toThrow(/4194305/);
  });

  test("whose frame lies about its size is refused", () => {
    const frame = pledged(spanBatch("acme", new Uint8Array(5000)));
    for (const lie of [1, 4000, 65_000]) {
      const changed = Buffer.from(frame);
      changed.writeUInt16LE(lie, 5); // after the magic and the descriptor, as two bytes that count from 256
      expect(declaredSize(record(changed))).toBe(lie + 256);
      expect(() => decodeRecord(record(changed))).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    }
  });

  test("is read no further than its first frame", () => {
    const bomb = Buffer.concat([pledged(spanBatch("acme", noise(10))), pledged(new Uint8Array(1 << 26))]);
    expect(decodeRecord(record(bomb)).traces).toEqual(noise(10));
  });

  test("is at most 4 MiB raw and 1 MiB as Kinesis counts it, and says so when it is not", () => {
    const most = encodeRecord({ tenant: "acme", receivedNanos: 1n, traces: new Uint8Array(MAX_RAW_BYTES - 20) });
    expect(declaredSize(most)).toBe(MAX_RAW_BYTES);
    expect(() => encodeRecord({ tenant: "acme", receivedNanos: 1n, traces: new Uint8Array(MAX_RAW_BYTES) })).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
    const dense = encodeRecord({ tenant: "acme", receivedNanos: 1n, traces: noise(MAX_RECORD_BYTES - 100) });
    expect(dense.length).toBeLessThan(MAX_RECORD_BYTES);
    expect(() => encodeRecord({ tenant: "acme", receivedNanos: 1n, traces: noise(MAX_RECORD_BYTES) })).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
  });
});
