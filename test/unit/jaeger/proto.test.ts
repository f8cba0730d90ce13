import { expect, test } from "vitest";
import { jaegerPostSpansToOtlp } from "../../../lib/jaeger/proto/post-spans.ts";
import { decodeSpans } from "../../../lib/otlp/decode.ts";
import { postSpansRequest } from "../../support/foreign-proto.ts";
import { shownAsJaeger } from "../../support/shown-as-jaeger.ts";

const id = (value: number) => Buffer.from(value.toString(16).padStart(16, "0"), "hex");
const traceId = (value: number) => Buffer.concat([Buffer.alloc(8), id(value)]);
const aSpan = (own: object = {}) => ({
  ...{ trace_id: traceId(1), span_id: id(2), operation_name: "op" },
  ...{ start_time: { seconds: 1_790_000_000, nanos: 1 }, duration: { nanos: 5_000 }, ...own },
});
const converted = (...spans: object[]) =>
  jaegerPostSpansToOtlp(
    postSpansRequest
      .encode(postSpansRequest.fromObject({ batch: { spans, process: { service_name: "shared" } } }))
      .finish(),
  );

test("a span's own process counts before the batch's, and equal ones are one resource", () => {
  const own = { process: { service_name: "own" } };
  const spans = decodeSpans(converted(aSpan(), aSpan(own), aSpan(own), aSpan({ process: {} })), () => undefined);
  const service = spans.map(({ resource }) =>
    resource.attributes.map(({ value }) => value.type === "string" && value.value),
  );
  expect(service).toEqual([["shared"], ["own"], ["own"], []]);
  expect(spans[1]?.resource).toBe(spans[2]?.resource);
});

test("times keep their nanoseconds", () => {
  const [span] = decodeSpans(converted(aSpan()), () => undefined);
  expect([span?.startNanos, span?.endNanos]).toEqual([1_790_000_000_000_000_001n, 1_790_000_000_000_005_001n]);
});

test("warnings that Jaeger's components gave a span are shown with it", () => {
  expect(shownAsJaeger(converted(aSpan({ warnings: ["clock", "skew"] })))[0]).toMatchObject({
    tags: [],
    warnings: ["clock", "skew"],
  });
});

test("empty spans, and requests without any, are no bytes at all", () => {
  expect(converted().length + converted({}, {}).length + jaegerPostSpansToOtlp(new Uint8Array(0)).length).toBe(0);
});

test("an id of another length is refused with its place", () => {
  expect(() => converted(aSpan({ trace_id: id(1) }))).toThrow(
    "malformed protobuf at byte 6: trace id of 8 bytes: expected 16",
  );
  expect(() => converted(aSpan({ span_id: traceId(1) }))).toThrow(/id of 16 bytes: expected 8$/);
});
