import { describe, expect, test } from "vitest";
import { decodeSpans } from "../../../lib/otlp/decode.ts";
import { opentelemetry } from "../../../proto/gen/index.js";

const { TracesData } = opentelemetry.proto.trace.v1;
type SpanProperties = opentelemetry.proto.trace.v1.Span.$Properties;

/** As protobufjs takes 64-bit integers. */
const nanos = (value: number) => ({ low: value, high: 0, unsigned: true }) as never;

const spans = (...own: SpanProperties[]): Uint8Array =>
  TracesData.encode({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] },
        scopeSpans: [
          {
            scope: { name: "http" },
            spans: own.map((span) => ({
              traceId: new Uint8Array(16).fill(1),
              spanId: new Uint8Array(8).fill(2),
              startTimeUnixNano: nanos(100),
              endTimeUnixNano: nanos(200),
              name: "get",
              ...span,
            })),
          },
        ],
      },
    ],
  }).finish();

const unknown = () => undefined;

describe("decodeSpans", () => {
  test("shares one resource and one scope among their spans", () => {
    const [one, two] = decodeSpans(spans({}, {}), unknown);
    expect(one?.resource).toBe(two?.resource);
    expect(one?.scope).toBe(two?.scope);
    expect(one?.resource.attributes).toEqual([{ key: "service.name", value: { type: "string", value: "cart" } }]);
  });

  test("names what has no name, or one that is not text", () => {
    const bytes = Buffer.from(spans({ name: "" }, { name: "??" }));
    bytes.fill(0xff, bytes.indexOf("??"), bytes.indexOf("??") + 2);
    expect(decodeSpans(bytes, unknown).map((span) => span.name)).toEqual(["empty-span-name", "invalid-span-name"]);
  });

  test.each([100, 40])(
    "ends a span that starts at 100 and ends at %i one nanosecond after its start, and says so",
    (end) => {
      const [span] = decodeSpans(spans({ endTimeUnixNano: nanos(end) }), unknown);
      expect([span?.startNanos, span?.endNanos]).toEqual([100n, 101n]);
      expect(span?.warnings).toEqual([`span has a duration of ${end === 100 ? "0s" : "-60ns"}; it is shown as 1ns`]);
    },
  );

  test("takes the received time for the start of a span that states none, and says so", () => {
    const bytes = spans({}, { startTimeUnixNano: nanos(0), endTimeUnixNano: nanos(9000) });
    const [, span] = decodeSpans(bytes, (index) => BigInt(index) * 7000n);
    expect([span?.startNanos, span?.endNanos]).toEqual([7000n, 9000n]);
    expect(span?.warnings).toEqual(["span has no start time; it is shown at the time when it was received"]);
  });

  test("shows a link's ids as far as they go", () => {
    const [span] = decodeSpans(
      spans({ links: [{ traceId: Uint8Array.of(0xab), spanId: new Uint8Array(9).fill(0xcd) }, {}] }),
      unknown,
    );
    expect(span?.links.map((link) => [link.traceId, link.spanId])).toEqual([
      [`${"0".repeat(30)}ab`, "cd".repeat(8)],
      ["0".repeat(32), "0".repeat(16)],
    ]);
  });

  test("a parent of zeros is none", () => {
    const [root, child] = decodeSpans(
      spans({ parentSpanId: new Uint8Array(8) }, { parentSpanId: new Uint8Array(8).fill(3) }),
      unknown,
    );
    expect([root?.parentSpanId, child?.parentSpanId]).toEqual([undefined, "0303030303030303"]);
  });
});
