import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { indexRecords } from "../../../lib/pipeline/index-records.ts";
import { readForeign } from "../../../lib/pipeline/read-foreign.ts";
import { MAX_TRACE_SPANS } from "../../../lib/runtime/limits.ts";
import type { Batch, TraceWriter } from "../../../lib/store/port.ts";
import type { Plan, StreamRecord } from "../../../lib/stream/port.ts";
import { opentelemetry } from "../../../proto/gen/index.js";
import { aggregated } from "../../support/aggregated.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

const NOW = 1_790_000_000_000;
const HOUR = 3_600_000;
const nanos = (millis: number) => `${millis}000000`;

let spans = 0;
const idOf = (bytes: number, n: number): Buffer => {
  const id = Buffer.alloc(bytes, 1);
  id.writeUInt32BE(n, bytes - 4);
  return id;
};

interface Sent {
  readonly name?: string;
  readonly start?: number;
  readonly traceId?: Uint8Array;
  readonly attributes?: readonly object[];
}

const aSpan = ({ name = "op", start = NOW, traceId = idOf(16, ++spans), attributes = [] }: Sent = {}) => ({
  traceId,
  spanId: idOf(8, ++spans),
  name,
  startTimeUnixNano: nanos(start),
  endTimeUnixNano: nanos(start + 1),
  attributes,
});

const encode = (resourceSpans: readonly object[]): Uint8Array =>
  TracesData.encode(TracesData.fromObject({ resourceSpans })).finish();
const message = (...all: readonly object[]): Uint8Array => encode([{ scopeSpans: [{ spans: all }] }]);

const record = (data: Uint8Array, sequenceNumber = "1"): StreamRecord => ({ sequenceNumber, data, arrivedMillis: NOW });
const read = readForeign({ tenant: "acme", retentionHours: 24 });

const namesIn = (traces: Uint8Array): string[] =>
  TracesData.decode(traces).resourceSpans.flatMap(({ scopeSpans }) =>
    (scopeSpans ?? []).flatMap((scope) => (scope.spans ?? []).map(({ name }) => name ?? "")),
  );

const text = (value: string) => ({ stringValue: value });

describe("a foreign record", () => {
  test("is one batch of the tenant that is set, received when it arrived, its bytes as they came", () => {
    const data = message(aSpan());
    expect(read(record(gzipSync(data)))).toEqual({
      batch: { tenant: "acme", receivedNanos: BigInt(NOW) * 1_000_000n, traces: Buffer.from(data) },
      refused: { spans: 0, message: "" },
    });
  });

  test.each([
    [
      "too old",
      { start: NOW - 26 * HOUR },
      "1 spans rejected: start_time_unix_nano is older than the retention of 24 h",
    ],
    ["in the future", { start: NOW + 2 * HOUR }, "1 spans rejected: start_time_unix_nano is more than 3600 s ahead"],
    ["without a trace id", { traceId: Buffer.alloc(16) }, "1 spans rejected: trace_id is all zero"],
    ["with a short trace id", { traceId: Buffer.alloc(8, 1) }, "1 spans rejected: trace_id has 8 bytes, expected 16"],
  ])("loses a span %s, and keeps its neighbours", (_, sent, reason) => {
    const { batch, refused } = read(
      record(message(aSpan({ name: "a" }), aSpan({ name: "b", ...sent }), aSpan({ name: "c" }))),
    );
    expect(namesIn(batch.traces)).toEqual(["a", "c"]);
    expect(refused).toMatchObject({ spans: 1, message: expect.stringContaining(reason) });
  });

  test("keeps of one trace as many spans as a trace is shown with, however many messages bring it", () => {
    const traceId = idOf(16, 9);
    const half = () =>
      gzipSync(message(...Array.from({ length: MAX_TRACE_SPANS / 2 + 1 }, () => aSpan({ traceId, name: "" }))));
    const { batch, refused } = read(record(aggregated([half(), half()])));
    expect(namesIn(batch.traces)).toHaveLength(MAX_TRACE_SPANS);
    expect(refused?.spans).toBe(2);
  });

  test("keeps no more scopes of a large resource than a request may bring", () => {
    const resource = { attributes: [{ key: "big", value: text("x".repeat(100_000)) }] };
    const scopes = Array.from({ length: 1_000 }, (_, i) => ({ scope: { name: `${i}` }, spans: [aSpan()] }));
    const { batch, refused } = read(record(gzipSync(encode([{ resource, scopeSpans: scopes }]))));
    expect(namesIn(batch.traces).length + (refused?.spans ?? 0)).toBe(1_000);
    expect(refused?.message).toContain("too many scopes for the size of their resources");
  });

  test("loses a span that no record of ours could hold", () => {
    const attributes = [{ key: "big", value: text("x".repeat(5_000_000)) }];
    const { batch, refused } = read(record(gzipSync(message(aSpan({ name: "a" }), aSpan({ attributes })))));
    expect(namesIn(batch.traces)).toEqual(["a"]);
    expect(refused?.message).toContain("a span and its resource are larger than 4194304 bytes");
  });

  test("all of whose spans are refused is an empty batch", () => {
    const { batch, refused } = read(record(message(aSpan({ start: 1_000 }))));
    expect([batch.traces.length, refused?.spans]).toEqual([0, 1]);
  });

  test.each([
    ["not OTLP", Buffer.from("no message of anyone's")],
    ["cut off", message(aSpan()).subarray(0, -1)],
    ["logs", Buffer.from("0a0d120b1209090000000000000000", "hex")],
    ["an aggregate with one message that is cut off", aggregated([message(aSpan()), message(aSpan()).subarray(0, -1)])],
    ["full of spans that are none", gzipSync(encodeEmptySpans(100_001))],
  ])("that is %s can never be read", (_, data) => {
    expect(() => read(record(data))).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });
});

/** Spans without any field: two bytes each. */
function encodeEmptySpans(count: number): Uint8Array {
  return encode([{ scopeSpans: [{ spans: Array.from({ length: count }, () => ({})) }] }]);
}

describe("the indexer of foreign records", () => {
  const PLAN: Plan = { first: "1", last: "9", at: NOW, closed: -1, tries: 1, suspect: undefined, excluded: [] };

  test("tells how many spans were refused in all, and why those of the first record were", async () => {
    const written: Batch[] = [];
    const store: TraceWriter = {
      check: () => undefined,
      async write(_, batches) {
        written.push(...batches);
        return { spans: 3, dropped: 0, waitingNames: 0 };
      },
    };
    const indexer = indexRecords(store, "foreign/1", read);
    const report = await indexer.index(PLAN, "shardId-000000000000", [
      record(message(aSpan()), "1"),
      record(message(aSpan(), aSpan({ start: 1_000 })), "2"),
      record(message(aSpan(), aSpan({ traceId: Buffer.alloc(16) })), "3"),
    ]);
    expect(written.map(({ tenant, traces }) => [tenant, namesIn(traces).length])).toEqual([
      ["acme", 1],
      ["acme", 1],
      ["acme", 1],
    ]);
    expect(report.refused).toEqual({
      spans: 2,
      message: expect.stringMatching(/^record 2: 1 spans rejected: start_time_unix_nano is older than the retention/),
    });
    expect(() => indexer.check(record(Buffer.from("x"), "7"))).toThrow(/^record 7: malformed protobuf/);
  });
});
