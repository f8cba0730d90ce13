import { constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeForeign, foreignSize, MAX_FOREIGN_BYTES } from "../../../lib/stream/foreign-record.ts";
import { fitPlan } from "../../../lib/stream/plan-records.ts";
import { aggregated } from "../../support/aggregated.ts";

const MIB = 1024 * 1024;
const hexOf = (data: Uint8Array): string[] => decodeForeign(data).map((one) => Buffer.from(one).toString("hex"));

/** A sound message of `length` bytes that compresses to next to nothing: one unknown field. */
function message(length: number): Buffer {
  const header = Buffer.from([0x82, 0x06, 0, 0, 0, 0]);
  const body = length - header.length;
  for (let i = 0; i < 4; i++) header[2 + i] = ((body >>> (7 * i)) & 0x7f) | (i < 3 ? 0x80 : 0);
  return Buffer.concat([header, Buffer.alloc(body)]);
}

describe("a record of the foreign stream", () => {
  // What compress/gzip and compress/zlib of Go 1.26 make of 0a00 at their fastest, flushed and closed, as awskinesis does.
  test.each([
    ["plain", "0a00"],
    ["gzip", "1f8b08000000000004ff000200fdff0a00000000ffff010000ffff75fa36bb02000000"],
    ["zlib", "7801000200fdff0a00000000ffff010000ffff0016000b"],
  ])("may be %s", (_, hex) => {
    expect(hexOf(Buffer.from(hex, "hex"))).toEqual(["0a00"]);
  });

  test("may hold several, each packed in its own way, and empty ones", () => {
    const plain = Buffer.from("0a00", "hex");
    const data = aggregated([plain, gzipSync(plain), Buffer.alloc(0), deflateSync(plain), gzipSync("")]);
    expect(hexOf(data)).toEqual(["0a00", "0a00", "0a00"]);
  });

  test.each([constants.Z_NO_COMPRESSION, 1, 6, 9])("may be zlib of level %i", (level) => {
    expect(hexOf(deflateSync(Buffer.from("0a00", "hex"), { level }))).toEqual(["0a00"]);
  });

  test("that is not packed is taken for a message, whatever it is", () => {
    for (const hex of ["78", "7800", "78bb", "1f", deflateRawSync("x").toString("hex")])
      expect(hexOf(Buffer.from(hex, "hex"))).toEqual([hex]);
  });

  test.each([
    ["gzip that is cut off", gzipSync("0a00").subarray(0, -1), "gzip cannot be read|gzip says"],
    ["a gzip header alone", Buffer.from("1f8b0800", "hex"), "gzip of 4 bytes: it is cut off"],
    ["zlib that is cut off", deflateSync("0a00").subarray(0, -1), "zlib cannot be read"],
    ["gzip of two members", Buffer.concat([gzipSync("0a00"), gzipSync("0a")]), "gzip"],
    ["gzip with something behind it", Buffer.concat([gzipSync("0a00"), Buffer.alloc(9)]), "gzip"],
    [
      "an aggregate that was damaged",
      Buffer.concat([aggregated([Buffer.from("0a00", "hex")]).subarray(0, -1), Buffer.of(0)]),
      "MD5",
    ],
    ["zlib that holds more than 128 times its size", deflateSync(message(MIB)), "zlib cannot be read"],
    ["gzip of more than the ceiling", gzipSync(message(MAX_FOREIGN_BYTES + 1)), "expected at most 16777216"],
    [
      "messages of more than the ceiling, together",
      aggregated(Array.from({ length: 3 }, () => gzipSync(message(6 * MIB)))),
      "more than 16777216 bytes, all its messages together",
    ],
  ])("%s is not read", (_, data, reason) => {
    expect(() => decodeForeign(data)).toThrow(new RegExp(reason));
  });

  test("of the largest size is read", () => {
    const data = gzipSync(message(MAX_FOREIGN_BYTES));
    expect(foreignSize(data)).toBe(MAX_FOREIGN_BYTES);
    expect(decodeForeign(data)[0]?.length).toBe(MAX_FOREIGN_BYTES);
  });
});

describe("what a record may hold", () => {
  test("is said exactly by plain and gzip, and 128 times its size by zlib", () => {
    const raw = message(10_000);
    const zlib = deflateSync(raw);
    expect(foreignSize(raw)).toBe(10_000);
    expect(foreignSize(gzipSync(raw))).toBe(10_000);
    expect(foreignSize(zlib)).toBe(zlib.length * 128);
    expect(foreignSize(aggregated([raw, gzipSync(raw), zlib]))).toBe(20_000 + zlib.length * 128);
  });

  test("is never above what is read of it", () => {
    expect(foreignSize(Buffer.concat([Buffer.from("789c", "hex"), Buffer.alloc(MIB)]))).toBe(MAX_FOREIGN_BYTES);
  });

  test("ends a plan at 32 MiB, before anything is decoded", () => {
    const records = Array.from({ length: 10 }, (_, i) => ({
      sequenceNumber: String(i),
      data: gzipSync(message(5 * MIB)),
      arrivedMillis: 0,
    }));
    expect(fitPlan(records, foreignSize)).toHaveLength(6);
  });
});
