import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkDigest, isAggregated, userRecords } from "../../../lib/stream/aggregated-record.ts";
import { aggregated, sealed } from "../../support/aggregated.ts";

const textsOf = (data: Uint8Array): string[] => [...userRecords(data)].map((one) => Buffer.from(one).toString());

describe("an aggregated record", () => {
  test("as the aggregator of aws-kinesis-agg 4.2.8 writes it, holds what was put into it", () => {
    const data = Buffer.from(
      "f3899ac20a056b657920300a056b65792031120531323334351a0708001a036f6e651a09080110001a0374776f1a0908001a0574687265" +
        "6556c2bc10398a43f6c039e60e3b3434ca",
      "hex",
    );
    expect(isAggregated(data)).toBe(true);
    checkDigest(data);
    expect(textsOf(data)).toEqual(["one", "two", "three"]);
  });

  test("holds what protobufjs put into it, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (records) => {
        const data = aggregated(records);
        checkDigest(data);
        expect([...userRecords(data)].map((one) => Buffer.from(one))).toEqual(records.map((one) => Buffer.from(one)));
      }),
    );
  });

  test("whose bytes changed on the way is not read", () => {
    const data = aggregated([Buffer.from("one")]);
    for (let i = 4; i < data.length; i++) {
      const damaged = Buffer.from(data);
      damaged[i] = (damaged[i] ?? 0) ^ 1;
      expect(() => checkDigest(damaged)).toThrow("its MD5 is not that of its bytes");
    }
    expect(() => checkDigest(data.subarray(0, 19))).toThrow("aggregated record of 19 bytes: its MD5 is cut off");
  });

  test.each([
    ["a record without data", "1a020800", "a record in it has no data"],
    ["a record that is cut off", "1a050800", "runs past its message"],
    ["records of another wire type", "1801", "field 3 has wire type 0, which is not its own"],
    ["data of another wire type", "1a021801", "field 3 has wire type 0, which is not its own"],
  ])("with %s is not read", (_, body, message) => {
    expect(() => textsOf(sealed(Buffer.from(body, "hex")))).toThrow(message);
  });

  test("may have fields that came later", () => {
    expect(textsOf(sealed(Buffer.from("2a01611a0628011a0278792a0162", "hex")))).toEqual(["xy"]);
  });

  test.each(["", "f3899a", "0a00"])("does not begin with %j", (hex) => {
    expect(isAggregated(Buffer.from(hex, "hex"))).toBe(false);
  });
});
