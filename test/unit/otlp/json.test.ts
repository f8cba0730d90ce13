import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { jsonToTraces } from "../../../lib/otlp/json.ts";
import { scanTraces } from "../../../lib/otlp/scan.ts";
import { opentelemetry } from "../../../proto/gen/index.js";

const { TracesData } = opentelemetry.proto.trace.v1;

const convert = (json: string) => TracesData.decode(jsonToTraces(Buffer.from(json)));

const body = (...spans: string[]): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join(",")}]}]}]}`;

const firstSpan = (json: string) => convert(body(json)).resourceSpans[0]?.scopeSpans?.[0]?.spans?.[0];

const ids = '"traceId":"0102030405060708090A0b0c0d0e0f10","spanId":"A1a2a3a4a5a6a7a8"';

function faultOf(json: string | Uint8Array): string {
  try {
    jsonToTraces(Buffer.from(json));
  } catch (error) {
    if (error instanceof TracingError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
}

describe("an OTLP/JSON body", () => {
  test("has hex ids of either case", () => {
    const span = firstSpan(`{${ids}}`);
    expect(Buffer.from(span?.traceId ?? []).toString("hex")).toBe("0102030405060708090a0b0c0d0e0f10");
    expect(Buffer.from(span?.spanId ?? []).toString("hex")).toBe("a1a2a3a4a5a6a7a8");
  });

  test.each([
    ['"1732283456123456789"', "1732283456123456789"],
    ["1732283456123456789", "1732283456123456789"],
    ["18446744073709551615", "18446744073709551615"],
    ["1.5e3", "1500"],
    ["0", "0"],
  ])("has times as strings or numbers, and no digit is lost: %s", (json, nanos) => {
    expect(String(firstSpan(`{"startTimeUnixNano": ${json}}`)?.startTimeUnixNano)).toBe(nanos);
  });

  test("has every type of value", () => {
    const values = [
      '{"stringValue":"1234567890123456789 è \\ud83d\\ude00"}',
      '{"boolValue":false}',
      '{"intValue":"-9223372036854775808"}',
      '{"intValue":-5}',
      '{"doubleValue":0.5}',
      '{"doubleValue":"-Infinity"}',
      '{"doubleValue":123456789012345678901234567890}',
      '{"arrayValue":{"values":[{"stringValue":"x"},{}]}}',
      '{"kvlistValue":{"values":[{"key":"k","value":{"intValue":7}}]}}',
      '{"bytesValue":"AP8="}',
      "{}",
      "null",
    ];
    const attributes = values.map((value) => `{"key":"a","value":${value}}`).join(",");
    const span = firstSpan(`{"attributes":[${attributes}]}`);
    expect(span?.attributes?.map((attribute) => plain(attribute.value))).toEqual([
      { stringValue: "1234567890123456789 è 😀" },
      { boolValue: false },
      { intValue: "-9223372036854775808" },
      { intValue: "-5" },
      { doubleValue: 0.5 },
      { doubleValue: "-Infinity" },
      { doubleValue: 1.2345678901234568e29 },
      { arrayValue: { values: [{ stringValue: "x" }, {}] } },
      { kvlistValue: { values: [{ key: "k", value: { intValue: "7" } }] } },
      { bytesValue: "AP8=" },
      {},
      undefined,
    ]);
  });

  test("may use the names of the .proto files, enums by name, nulls, and fields from the future", () => {
    const span = firstSpan(
      `{"parent_span_id":"","kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR","message":null},
        "dropped_attributes_count":3,"flags":257,"links":null,"invented":{"deep":[1,2]},"trace_state":"a=b"}`,
    );
    expect(span).toMatchObject({
      kind: 3,
      status: { code: 2 },
      droppedAttributesCount: 3,
      flags: 257,
      traceState: "a=b",
    });
  });

  test("leaves ids of impossible length to the scanner, which refuses that span alone", () => {
    const bytes = jsonToTraces(Buffer.from(body('{"traceId":"abcd"}', `{${ids}}`)));
    const { table, rejected } = scanTraces(bytes);
    expect(table.count).toBe(1);
    expect(rejected.map((one) => one.reason)).toEqual(["trace_id has 2 bytes, expected 16"]);
  });

  test.each([
    [
      body(`{${ids}}`, `{${ids}}`, '{"traceId":"xyz"}'),
      'resourceSpans[0].scopeSpans[0].spans[2].traceId: "xyz": expected 32 hex digits',
    ],
    [body('{"spanId":5}'), "resourceSpans[0].scopeSpans[0].spans[0].spanId: 5: expected 16 hex digits"],
    [
      body('{"kind":"CLIENT"}'),
      'resourceSpans[0].scopeSpans[0].spans[0].kind: "CLIENT": expected a number, or one of SPAN_KIND_UNSPECIFIED, SPAN_KIND_INTERNAL, SPAN_KIND_SERVER, SPAN_KIND_CLIENT, SPAN_KIND_PRODUCER, SPAN_KIND_CONSUMER',
    ],
    [
      body('{"startTimeUnixNano":-1}'),
      "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: -1: expected an integer from 0 to 2^64 - 1",
    ],
    [
      body('{"startTimeUnixNano":18446744073709551616}'),
      "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: 18446744073709551616: expected an integer from 0 to 2^64 - 1",
    ],
    [body('{"events":[{"name":7}]}'), "resourceSpans[0].scopeSpans[0].spans[0].events[0].name: 7: expected a string"],
    [body('{"events":{}}'), "resourceSpans[0].scopeSpans[0].spans[0].events: {…}: expected an array"],
    ['{"resourceSpans":[null]}', "resourceSpans[0]: null: expected an object"],
    ["[]", "body: […]: expected an object"],
    ["", "body: expected JSON (Unexpected end of JSON input)"],
  ])("that is wrong is refused with the place of the fault: %s", (json, reason) => {
    expect(faultOf(json)).toBe(`invalid_argument ${reason}`);
  });

  test("that is not UTF-8 is refused", () => {
    expect(faultOf(Buffer.from('{"a":"\xff"}', "latin1"))).toBe("invalid_argument body: expected JSON in UTF-8");
  });

  test.each(["", "1234567890123456789,"])("that nests without end is refused: %s", (first) => {
    expect(faultOf(`[${first}${"[".repeat(200_000)}${"]".repeat(200_000)}]`)).toMatch(/^invalid_argument body: /);
  });

  test("nests values as deep as a protobuf body may, and no deeper", () => {
    const nested = (depth: number) =>
      body(
        `{${ids},"attributes":[{"key":"a","value":${'{"arrayValue":{"values":['.repeat(depth)}{}${"]}}".repeat(depth)}}]}`,
      );
    expect(scanTraces(jsonToTraces(Buffer.from(nested(32)))).table.count).toBe(1);
    expect(faultOf(nested(33))).toMatch(/expected at most 32 levels of values$/);
  });
});

/** As JSON, because protobufjs's own class has every member. */
function plain(value: unknown): unknown {
  return value === undefined || value === null ? undefined : JSON.parse(JSON.stringify(value));
}
