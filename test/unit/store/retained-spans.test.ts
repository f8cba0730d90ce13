import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gatherSpans } from "../../../lib/store/plan-spans.ts";
import { retainedSpans } from "../../../lib/store/retained-spans.ts";
import { opentelemetry } from "../../../proto/gen/index.js";

const { TracesData } = opentelemetry.proto.trace.v1;

const AT = Date.UTC(2026, 10, 22, 13, 30);
const MINUTE = 60_000;
const RETENTION_HOURS = 48;

/** As protobufjs takes it. */
const fixed64 = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned: true,
});

/** A batch of one-span traces that start at these times, milliseconds since the epoch; the n-th span's name is n. */
function gathered(starts: readonly number[]) {
  const spans = starts.map((start, n) => ({
    traceId: Buffer.from(String(n).padStart(32, "a"), "hex"),
    spanId: Buffer.from(String(n).padStart(16, "a"), "hex"),
    name: String(n),
    startTimeUnixNano: fixed64(BigInt(start) * 1_000_000n),
    endTimeUnixNano: fixed64(BigInt(start) * 1_000_000n + BigInt(n) + 5n),
  }));
  const message = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  const traces = TracesData.encode(message as never).finish();
  const [all] = gatherSpans([{ tenant: "t", receivedNanos: 1n, traces }]);
  if (all === undefined) throw new Error("no spans");
  return all;
}

const retained = (starts: readonly number[]) => {
  const { spans, dropped } = retainedSpans(gathered(starts), AT, RETENTION_HOURS);
  const { table } = spans;
  const names = Array.from({ length: table.count }, (_, row) =>
    Buffer.from(table.bytes.subarray(table.nameStart[row], table.nameEnd[row])).toString(),
  );
  return { names, dropped, spans };
};

describe("spans that are retained", () => {
  test("are those whose hour has not expired, and those up to an hour ahead", () => {
    // The hour of 13:00 two days ago expires at 14:00 today, the one before it has expired at 13:00.
    const hourBefore = Date.UTC(2026, 10, 20, 12, 59, 59, 999);
    const { names, dropped } = retained([AT, hourBefore, hourBefore + 1, AT + 60 * MINUTE, AT + 60 * MINUTE + 1, 1]);
    expect([names, dropped]).toEqual([["0", "2", "3"], 3]);
  });

  test("keep everything that was known of them", () => {
    const start = fc.integer({ min: AT - 100 * 60 * MINUTE, max: AT + 100 * MINUTE });
    fc.assert(
      fc.property(fc.array(start, { minLength: 1, maxLength: 60 }), (starts) => {
        const { names, dropped, spans } = retained(starts);
        const from = Math.floor(AT / 3_600_000 - RETENTION_HOURS) * 3_600_000;
        expect(names).toEqual(starts.flatMap((one, n) => (one >= from && one <= AT + 60 * MINUTE ? String(n) : [])));
        expect(names.length + dropped).toBe(starts.length);
        const kept = names.map(Number).map((n) => ({ n, start: BigInt(starts[n] ?? 0) * 1_000_000n }));
        expect([...spans.startNanos]).toEqual(kept.map((one) => one.start));
        expect([...spans.durationNanos]).toEqual(kept.map((one) => BigInt(one.n) + 5n));
        expect([...spans.hour]).toEqual(kept.map((one) => Number(one.start / 3_600_000_000_000n)));
        expect(spans.receivedNanos).toHaveLength(kept.length);
        expect([...spans.traces.ordinal]).toEqual(kept.map((_, i) => i));
      }),
    );
  });

  test("are the very same when all are", () => {
    const all = gathered([AT, AT - MINUTE]);
    expect(retainedSpans(all, AT, RETENTION_HOURS)).toEqual({ spans: all, dropped: 0 });
  });

  test("may be none", () => {
    expect(retained([1, 2, 3])).toMatchObject({ names: [], dropped: 3 });
  });
});
