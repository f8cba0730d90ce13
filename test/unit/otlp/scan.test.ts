import { describe, expect, test } from "vitest";
import { regroup } from "../../../lib/otlp/regroup.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import { sourceOrdinals } from "../../../lib/otlp/sources.ts";

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(" ", ""), "hex");

/** A message with one field of that tag. */
function wrapped(tag: number, body: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.of(tag, ...length, rest), body]);
}

const ids = Buffer.concat([wrapped(0x0a, Buffer.alloc(16, 1)), wrapped(0x12, Buffer.alloc(8, 2))]);
const withSpans = (spans: Uint8Array): Buffer => wrapped(0x0a, wrapped(0x12, spans));
const withAttribute = (keyValue: Uint8Array): Buffer =>
  withSpans(wrapped(0x12, Buffer.concat([ids, wrapped(0x4a, keyValue)])));

describe("scanTraces", () => {
  test.each([
    ["a string that runs past its value", "0a0161 1203 0a0561"],
    ["a value that runs past its attribute", "0a0161 1209 0a0161"],
    ["a key that runs past its attribute", "0a7f61 1203 0a0161"],
    ["a double that is cut off", "0a0161 1205 21000000 00"],
    ["an int that is cut off", "0a0161 1203 18ffff"],
    ["an int of eleven bytes", "0a0161 120c 18 ffffffffffffffffffff01"],
    ["a bool of another wire type", "0a0161 1203 120101"],
    ["a key of another wire type", "0801"],
    ["field number 0", "0001"],
    ["a group that nothing opened", "0a0161 9c01"],
    ["a group that is closed as another", "a301 ac01"],
  ])("refuses %s", (_what, keyValue) => {
    expect(() => scanTraces(withAttribute(hex(keyValue)))).toThrow(/^malformed protobuf at byte \d+: /);
  });

  test.each([
    ["a key alone", "0a0161"],
    ["a value before its key", "1203 0a0178 0a0161"],
    ["an int of ten bytes", "0a0161 120b 18 ffffffffffffffffff01"],
    ["a value with a member from the future", "0a0161 1204 a206 0178"],
    ["nothing", ""],
  ])("takes an attribute that is %s", (_what, keyValue) => {
    expect(scanTraces(withAttribute(hex(keyValue))).table.count).toBe(1);
  });

  test("names a span whose ids are impossible, and keeps its neighbours", () => {
    const bare = wrapped(0x12, Buffer.alloc(0));
    const zero = wrapped(0x12, Buffer.concat([wrapped(0x0a, Buffer.alloc(16)), wrapped(0x12, Buffer.alloc(8, 1))]));
    const { table, rejected } = scanTraces(withSpans(Buffer.concat([bare, wrapped(0x12, ids), zero])));
    expect(table.count).toBe(1);
    expect(rejected.map((one) => one.reason)).toEqual(["trace_id has 0 bytes, expected 16", "trace_id is all zero"]);
  });

  test("a request that is nothing but impossible spans is refused as a whole", () => {
    expect(() => scanTraces(withSpans(Buffer.alloc(400_000, hex("1200"))))).toThrow(/more than 100000 spans/);
  });

  test("time stays linear when one large resource has many scopes", () => {
    const resource = wrapped(0x0a, wrapped(0x0a, wrapped(0x0a, Buffer.alloc(1_000_000, "x"))));
    const scope = wrapped(0x12, wrapped(0x12, ids));
    const body = wrapped(0x0a, Buffer.concat([resource, ...Array.from({ length: 30_000 }, () => scope)]));
    const started = performance.now();
    const { table } = scanTraces(body);
    const { ordinal } = sourceOrdinals(table);
    const rows = Uint32Array.from({ length: table.count }, (_, row) => row);
    expect(regroup(table, rows).length).toBe(body.length);
    expect(regroup(table, rows, ordinal).length).toBeLessThan(body.length);
    // Quadratic would be thirty thousand megabytes to copy.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
