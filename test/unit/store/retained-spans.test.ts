import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gatherSpans, type PlanSpans } from "../../../lib/store/plan-spans.ts";
import { retainedSpans } from "../../../lib/store/retained-spans.ts";
import { opentelemetry } from "../../../proto/gen/index.js";

const { TracesData } = opentelemetry.proto.trace.v1;

/** When ingest received them. */
const AT = Date.UTC(2026, 10, 22, 13, 30);
const HOUR = 3_600_000;
const RETENTION_HOURS = 48;

/** As protobufjs takes it. */
const fixed64 = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned: true,
});

/** One-span traces that start at these times, milliseconds since the epoch; the spans' names count from `first`. */
function tracesOf(starts: readonly number[], first = 0) {
  const spans = starts
    .map((start, i) => [first + i, start] as const)
    .map(([n, start]) => ({
      traceId: Buffer.from(String(n).padStart(32, "a"), "hex"),
      spanId: Buffer.from(String(n).padStart(16, "a"), "hex"),
      name: String(n),
      startTimeUnixNano: fixed64(BigInt(start) * 1_000_000n),
      endTimeUnixNano: fixed64(BigInt(start) * 1_000_000n + BigInt(n) + 5n),
    }));
  const message = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  return TracesData.encode(message as never).finish();
}

function gathered(starts: readonly number[]) {
  const [all] = gatherSpans([{ tenant: "t", receivedNanos: BigInt(AT) * 1_000_000n, traces: tracesOf(starts) }]);
  if (all === undefined) throw new Error("no spans");
  return all;
}

const namesOf = ({ table }: PlanSpans): string[] =>
  Array.from({ length: table.count }, (_, row) =>
    Buffer.from(table.bytes.subarray(table.nameStart[row], table.nameEnd[row])).toString(),
  );

const retained = (starts: readonly number[]) => {
  const { spans, dropped } = retainedSpans(gathered(starts), RETENTION_HOURS);
  return { names: namesOf(spans), dropped, spans };
};

describe("spans that are retained", () => {
  test("are those whose hour had not expired when they were received, and those up to two hours ahead", () => {
    // The hour of 13:00 two days ago expires at 14:00 today, the one before it has expired at 13:00.
    const hourBefore = Date.UTC(2026, 10, 20, 12, 59, 59, 999);
    const hourAfter = Date.UTC(2026, 10, 22, 16);
    const { names, dropped } = retained([AT, hourBefore, hourBefore + 1, hourAfter - 1, hourAfter, 1]);
    expect([names, dropped]).toEqual([["0", "2", "3"], 3]);
  });

  test("are judged each by when its own record was received", () => {
    const day = 24 * HOUR;
    const batches = [AT - 3 * day, AT].map((received, n) => ({
      tenant: "t",
      receivedNanos: BigInt(received) * 1_000_000n,
      traces: tracesOf([AT - 3 * day, AT], n * 2),
    }));
    const [all] = gatherSpans(batches);
    if (all === undefined) throw new Error("no spans");
    const { spans, dropped } = retainedSpans(all, RETENTION_HOURS);
    expect([namesOf(spans), dropped]).toEqual([["0", "3"], 2]);
  });

  test("keep everything that was known of them", () => {
    const start = fc.integer({ min: AT - 100 * HOUR, max: AT + 5 * HOUR });
    fc.assert(
      fc.property(fc.array(start, { minLength: 1, maxLength: 60 }), (starts) => {
        const { names, dropped, spans } = retained(starts);
        const from = (Math.floor(AT / HOUR) - RETENTION_HOURS) * HOUR;
        const end = (Math.floor(AT / HOUR) + 3) * HOUR;
        expect(names).toEqual(starts.flatMap((one, n) => (one >= from && one < end ? String(n) : [])));
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
    const all = gathered([AT, AT - HOUR]);
    expect(retainedSpans(all, RETENTION_HOURS)).toEqual({ spans: all, dropped: 0 });
  });

  test("may be none", () => {
    expect(retained([1, 2, 3])).toMatchObject({ names: [], dropped: 3 });
  });
});
