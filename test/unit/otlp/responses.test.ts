import { describe, expect, test } from "vitest";
import { exportResponse, statusResponse } from "../../../lib/otlp/responses.ts";
import { google, opentelemetry } from "../../../proto/gen/index.js";

const { ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("the answer to an export", () => {
  test("of which all was taken says nothing", () => {
    const whole = { rejectedSpans: 0, message: "" };
    expect(text(exportResponse("json", whole))).toBe('{"partialSuccess":{}}');
    expect(ExportTraceServiceResponse.decode(exportResponse("protobuf", whole)).partialSuccess).toBeNull();
  });

  test("of which some was refused says how many and why", () => {
    const partial = { rejectedSpans: 300, message: "spans of “yesterday”" };
    expect(text(exportResponse("json", partial))).toBe(
      '{"partialSuccess":{"rejectedSpans":"300","errorMessage":"spans of “yesterday”"}}',
    );
    const { partialSuccess } = ExportTraceServiceResponse.decode(exportResponse("protobuf", partial));
    expect([String(partialSuccess?.rejectedSpans), partialSuccess?.errorMessage]).toEqual(["300", partial.message]);
  });
});

test("a fault is a google.rpc.Status in the encoding of the request", () => {
  const long = "x".repeat(200);
  expect(text(statusResponse("json", 3, 'bad "id"'))).toBe('{"code":3,"message":"bad \\"id\\""}');
  expect(google.rpc.Status.decode(statusResponse("protobuf", 14, long))).toMatchObject({ code: 14, message: long });
});
