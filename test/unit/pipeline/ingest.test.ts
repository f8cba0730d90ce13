import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { ingest } from "../../../lib/pipeline/ingest.ts";
import { MAX_TRACE_SPANS } from "../../../lib/runtime/limits.ts";
import { placeOf } from "../../../lib/stream/places.ts";
import type { Entry, Shard, StreamWriter } from "../../../lib/stream/port.ts";
import { decodeRecord, MAX_RECORD_BYTES } from "../../../lib/stream/record.ts";
import { opentelemetry } from "../../../proto/gen/index.js";
import { Random } from "../../data/random.ts";
import { encodeRequest, type TrafficSpan, traces } from "../../data/traffic.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

const NOW = 1_790_000_000_000;
const HOUR_MILLIS = 3_600_000;

const evenShards = (count: number): Shard[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `shard-${i}-of-${count}`,
    parentIds: [],
    start: (2n ** 128n * BigInt(i)) / BigInt(count),
    end: (2n ** 128n * BigInt(i + 1)) / BigInt(count) - 1n,
    isOpen: true,
  }));

/** A stream that takes everything, and says which of its shards it really has. */
function takingStream(shards: readonly Shard[], listed: () => readonly Shard[] = () => shards) {
  const taken: { shardId: string; entry: Entry }[] = [];
  let lists = 0;
  const stream: StreamWriter = {
    async shards() {
      lists++;
      return listed();
    },
    async put(entries) {
      return entries.map((entry) => {
        const shardId = shards.find((shard) => shard.start <= entry.place && entry.place <= shard.end)?.id ?? "";
        taken.push({ shardId, entry });
        return { ok: true, shardId, sequenceNumber: `${taken.length}` };
      });
    },
  };
  return { stream, taken, lists: () => lists };
}

const partsFor = (stream: StreamWriter, retentionHours = 168, clock = () => NOW) => {
  const random = new Random(1);
  return { stream, clock, random: () => random.fraction(), sleep: async () => {}, retentionHours };
};
const ingestInto = (...parts: Parameters<typeof partsFor>) => ingest(partsFor(...parts));

const spansIn = (entry: Entry) =>
  (TracesData.decode(decodeRecord(entry.data).traces).resourceSpans ?? []).flatMap((resource) =>
    (resource.scopeSpans ?? []).flatMap((scope) => scope.spans ?? []),
  );
const hex = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString("hex");

const trafficSpans = (count: number): TrafficSpan[] =>
  [...traces({ seed: 3, traces: count, spansPerTrace: 9.5, startMillis: NOW - 60_000, spreadMillis: 1000 })].flat();

describe("ingest", () => {
  test("takes every span, puts all spans of a trace on the shard of the trace's place, and fills records", async () => {
    const spans = trafficSpans(2000);
    const { stream, taken } = takingStream(evenShards(5));
    const outcome = await ingestInto(stream)("acme", encodeRequest(spans));
    expect(outcome).toEqual({ acceptedSpans: spans.length, rejectedSpans: 0, message: "" });
    const shardOfTrace = new Map<string, string>();
    const ids: string[] = [];
    for (const { shardId, entry } of taken)
      for (const span of spansIn(entry)) {
        const trace = hex(span.traceId);
        expect(shardOfTrace.get(trace) ?? shardId).toBe(shardId);
        shardOfTrace.set(trace, shardId);
        ids.push(`${trace}/${hex(span.spanId)}`);
      }
    expect(ids.sort()).toEqual(spans.map((span) => `${span.traceId}/${span.spanId}`).sort());
    expect(new Set(shardOfTrace.values()).size).toBe(5);
    for (const [trace, shardId] of shardOfTrace) {
      const place = placeOf(Buffer.from(trace, "hex"), 0);
      expect(evenShards(5).find((shard) => shard.start <= place && place <= shard.end)?.id).toBe(shardId);
    }
    // 5 shards, 256 KiB a record: no more records than it takes.
    expect(taken.length).toBeLessThanOrEqual(Math.ceil(encodeRequest(spans).length / (256 * 1024)) + 5);
    for (const { entry } of taken)
      expect(decodeRecord(entry.data)).toMatchObject({ tenant: "acme", receivedNanos: BigInt(NOW) * 1_000_000n });
  });

  test("spans whose time cannot be kept are refused with the reason, the count and a value; the others are taken", async () => {
    const [a, b, c, d] = trafficSpans(4) as [TrafficSpan, TrafficSpan, TrafficSpan, TrafficSpan];
    const at = (span: TrafficSpan, millis: number) => ({ ...span, startNanos: BigInt(millis) * 1_000_000n });
    const { stream, taken } = takingStream(evenShards(1));
    const spans = [a, at(b, NOW - 400 * HOUR_MILLIS), at(c, NOW - 500 * HOUR_MILLIS), at(d, NOW + 2 * HOUR_MILLIS)];
    const outcome = await ingestInto(stream)("acme", encodeRequest(spans));
    expect(outcome.acceptedSpans).toBe(1);
    expect(outcome.rejectedSpans).toBe(3);
    expect(outcome.message).toContain(
      "2 × start_time_unix_nano is older than the retention of 168 h (the first: 1788560000000000000)",
    );
    expect(outcome.message).toContain(
      "start_time_unix_nano is more than 3600 s ahead of the clock (the first: 1790007200000000000)",
    );
    expect(taken.flatMap(({ entry }) => spansIn(entry)).map((span) => hex(span.spanId))).toEqual([a.spanId]);
  });

  test("a span without a start is taken as begun now", async () => {
    const [span] = trafficSpans(1) as [TrafficSpan];
    const { stream, taken } = takingStream(evenShards(1));
    const outcome = await ingestInto(stream)("acme", encodeRequest([{ ...span, startNanos: 0n }]));
    expect(outcome.acceptedSpans).toBe(1);
    expect(taken).toHaveLength(1);
  });

  test("spans of the first eight hours are taken, those of further hours are refused", async () => {
    const spans = trafficSpans(12)
      .slice(0, 11)
      .map((span, i) => ({ ...span, startNanos: BigInt(NOW - i * HOUR_MILLIS) * 1_000_000n }));
    const { stream, taken } = takingStream(evenShards(1));
    const outcome = await ingestInto(stream)("acme", encodeRequest(spans));
    expect([outcome.acceptedSpans, outcome.rejectedSpans]).toEqual([8, 3]);
    expect(outcome.message).toContain("3 × the request's spans start in more than 8 different hours");
    expect(taken.flatMap(({ entry }) => spansIn(entry))).toHaveLength(8);
  });

  test("what a span holds beyond its tenant's limits is cut off, and the answer says so", async () => {
    const { stream, taken } = takingStream(evenShards(1));
    const attributes = [...Array(5)].map((_, i) => [`key.${i}`, "a value"] as const);
    const [any] = trafficSpans(1) as [TrafficSpan];
    const span = { ...any, events: [], attributes };
    const limitsOf = (tenant: string) => (tenant === "acme" ? { maxAttributes: 3, maxValueBytes: 4 } : undefined);
    const take = ingest({ ...partsFor(stream), limitsOf });
    const cut = await take("acme", encodeRequest([span]));
    expect(cut).toMatchObject({ acceptedSpans: 1, rejectedSpans: 0, truncatedSpans: 1 });
    expect(cut.message).toMatch(
      /^1 spans .* were cut: \d+ attributes left out, \d+ values shortened; skua.truncated_attributes names them$/,
    );
    expect(await take("rook", encodeRequest([span]))).toEqual({ acceptedSpans: 1, rejectedSpans: 0, message: "" });
    const kept = taken.flatMap(({ entry }) => spansIn(entry)).map((own) => own.attributes?.map(({ key }) => key));
    expect(kept).toEqual([
      ["key.0", "key.1", "key.2", "skua.truncated_attributes"],
      ["key.0", "key.1", "key.2", "key.3", "key.4"],
    ]);
  });

  test("a request of more bytes than its tenant may send at once is refused as a whole", async () => {
    const { stream, taken } = takingStream(evenShards(1));
    const request = encodeRequest(trafficSpans(3));
    const most = request.length - 1;
    const limitsOf = (tenant: string) => (tenant === "acme" ? { maxRequestBytes: most } : undefined);
    const take = ingest({ ...partsFor(stream), limitsOf });
    await expect(take("acme", request)).rejects.toMatchObject({
      code: "too_large",
      message: `the request has ${request.length} bytes of OTLP: tenant acme may send ${most} at once; send smaller batches`,
    });
    expect(taken).toEqual([]);
    expect((await take("rook", request)).rejectedSpans).toBe(0);
    expect((await take("acme", encodeRequest(trafficSpans(3).slice(1)))).rejectedSpans).toBe(0);
  });

  test("one span that no record can hold is refused by name, and its neighbours are kept", async () => {
    const [a, huge, c] = trafficSpans(3) as [TrafficSpan, TrafficSpan, TrafficSpan];
    const noise = Buffer.from(
      Uint32Array.from(
        { length: 400_000 },
        (
          (random) => () =>
            random.uint32()
        )(new Random(9)),
      ).buffer,
    );
    const { stream, taken } = takingStream(evenShards(1));
    const parts = noise.toString("base64").match(/.{1,60000}/g) ?? [];
    const attributes = parts.map((part, i) => [`blob.${i}`, part] as const);
    const spans = [a, { ...huge, name: "upload", attributes }, c];
    const outcome = await ingestInto(stream)("acme", encodeRequest(spans));
    expect([outcome.acceptedSpans, outcome.rejectedSpans]).toEqual([2, 1]);
    expect(outcome.message).toContain(`span ${huge.spanId} of trace ${huge.traceId} ("upload")`);
    expect(outcome.message).toContain(`expected at most ${MAX_RECORD_BYTES}`);
    expect(
      taken
        .flatMap(({ entry }) => spansIn(entry))
        .map((span) => hex(span.spanId))
        .sort(),
    ).toEqual([a.spanId, c.spanId].sort());
  });

  test("spans that share more than a record can hold are cut into several records", async () => {
    const [span] = trafficSpans(1) as [TrafficSpan];
    const noise = new Random(4).hex(200_000);
    const spans = Array.from({ length: 12 }, (_, i) => ({
      ...span,
      spanId: (i + 1).toString(16).padStart(16, "0"),
      attributes: [["blob", noise + i] as const],
    }));
    const { stream, taken } = takingStream(evenShards(1));
    expect((await ingestInto(stream)("acme", encodeRequest(spans))).acceptedSpans).toBe(12);
    expect(taken.length).toBeGreaterThan(1);
    expect(taken.flatMap(({ entry }) => spansIn(entry))).toHaveLength(12);
  });

  test("of one trace no more spans than a trace is shown with are taken", async () => {
    const [span] = trafficSpans(1) as [TrafficSpan];
    const small = { ...span, attributes: [], events: [] };
    const spans = Array.from({ length: MAX_TRACE_SPANS + 2 }, (_, i) => ({
      ...small,
      spanId: (i + 1).toString(16).padStart(16, "0"),
    }));
    const { stream } = takingStream(evenShards(2));
    const outcome = await ingestInto(stream)("acme", encodeRequest(spans));
    expect([outcome.acceptedSpans, outcome.rejectedSpans]).toEqual([MAX_TRACE_SPANS, 2]);
  });

  test("spans with impossible ids are refused, and nothing is put when none is left", async () => {
    const [span] = trafficSpans(1) as [TrafficSpan];
    const { stream, taken } = takingStream(evenShards(1));
    const outcome = await ingestInto(stream)(
      "acme",
      encodeRequest([
        { ...span, traceId: "0".repeat(32) },
        { ...span, spanId: "abcd" },
      ]),
    );
    expect([outcome.acceptedSpans, outcome.rejectedSpans]).toEqual([0, 2]);
    expect(outcome.message).toContain("trace_id is all zero");
    expect(outcome.message).toContain("span_id has 2 bytes, expected 8");
    expect(taken).toEqual([]);
  });

  test("a large resource with thousands of scopes is not taken whole: it would cost its square", async () => {
    const scopes = 20_000;
    const body = opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest.encode({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "blob", value: { stringValue: "x".repeat(100_000) } }] },
          scopeSpans: Array.from({ length: scopes }, (_, i) => ({
            scope: { name: `scope-${i}` },
            spans: [
              { traceId: Buffer.alloc(16, 1), spanId: Buffer.from((i + 1).toString(16).padStart(16, "0"), "hex") },
            ],
          })),
        },
      ],
    } as never).finish();
    const { stream } = takingStream(evenShards(1));
    const outcome = await ingestInto(stream)("acme", body);
    expect(outcome.message).toContain("too many scopes for the size of their resources");
    expect(outcome.acceptedSpans).toBeGreaterThan(100);
    expect(outcome.acceptedSpans + outcome.rejectedSpans).toBe(scopes);
    expect(outcome.acceptedSpans).toBeLessThan(scopes / 50);
  });

  test("an empty request is a success that puts nothing", async () => {
    const { stream, taken } = takingStream(evenShards(1));
    expect(await ingestInto(stream)("acme", new Uint8Array(0))).toEqual({
      acceptedSpans: 0,
      rejectedSpans: 0,
      message: "",
    });
    expect(taken).toEqual([]);
  });

  test("shards are listed once a minute, and again within a second when a record lands on an unexpected one", async () => {
    const before = evenShards(1);
    let listed = before;
    const { stream, lists } = takingStream(evenShards(4), () => listed);
    let now = NOW;
    const take = ingestInto(stream, 168, () => now);
    const request = encodeRequest(trafficSpans(50));
    await take("acme", request); // its answer names a shard that the list does not have
    listed = evenShards(4);
    now += 1_000;
    await take("acme", request);
    await take("acme", request);
    expect(lists()).toBe(2);
  });

  test("a stream that takes nothing makes the request fail as unavailable, with a time to come back", async () => {
    const refusing: StreamWriter = {
      shards: async () => evenShards(1),
      put: async (entries) => entries.map(() => ({ ok: false, reason: "failed", message: "internal failure" })),
    };
    let now = NOW;
    const take = ingest({
      stream: refusing,
      clock: () => now,
      random: () => 0.5,
      retentionHours: 168,
      sleep: async (millis) => {
        now += millis;
      },
    });
    const fault = await take("acme", encodeRequest(trafficSpans(1))).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(TracingError);
    expect(fault).toMatchObject({ code: "unavailable" });
    expect((fault as TracingError).retryAfterSeconds).toBeGreaterThanOrEqual(1);
  });

  test("bytes that are not a trace message are the client's fault, with the offset", async () => {
    const { stream } = takingStream(evenShards(1));
    await expect(ingestInto(stream)("acme", Buffer.from("not protobuf"))).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("at byte"),
    });
  });
});
