import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { randomPlace, shardMap } from "../../../lib/stream/places.ts";
import type { Entry, PutResult, Shard, StreamWriter } from "../../../lib/stream/port.ts";
import { MAX_PUT_BYTES, MAX_PUT_RECORDS, type PutOptions, putRecords } from "../../../lib/stream/put.ts";
import { Random } from "../../data/random.ts";
import { memoryStream } from "../../support/memory-stream.ts";

const HALF = 2n ** 127n;
const shards: Shard[] = [
  { id: "low", parentIds: [], start: 0n, end: HALF - 1n, isOpen: true },
  { id: "high", parentIds: [], start: HALF, end: 2n * HALF - 1n, isOpen: true },
];

type Verdict = "ok" | "throttled" | "failed";

/** A stream that refuses as `verdict` says, and remembers what it took and how it was asked. */
function scripted(verdict: (entry: Entry, call: number) => Verdict) {
  const taken: Entry[] = [];
  const calls: (readonly Entry[])[] = [];
  const writer: StreamWriter = {
    shards: async () => shards,
    async put(entries) {
      calls.push(entries);
      return entries.map((entry): PutResult => {
        const said = verdict(entry, calls.length - 1);
        if (said !== "ok") return { ok: false, reason: said, message: said };
        taken.push(entry);
        return { ok: true, shardId: entry.place < HALF ? "low" : "high", sequenceNumber: String(taken.length) };
      });
    },
  };
  return { writer, taken, calls };
}

function options(more: Partial<PutOptions> = {}): PutOptions & { readonly waits: number[] } {
  const waits: number[] = [];
  const random = new Random(5);
  let now = 0;
  return {
    waits,
    map: shardMap(shards),
    deadlineMillis: 60_000,
    clock: () => now,
    random: () => random.fraction(),
    sleep: async (millis) => {
      waits.push(millis);
      now += millis;
    },
    allowSpill: true,
    ...more,
  };
}

const entry = (size: number, place = 0n): Entry => ({ place, data: new Uint8Array(size) });

describe("putting records", () => {
  test("begins no further call once its time is over, though none was refused", async () => {
    let now = 0;
    const { writer, calls } = scripted(() => "ok");
    const slow: StreamWriter = {
      ...writer,
      async put(entries) {
        now += 40_000;
        return writer.put(entries);
      },
    };
    const entries = Array.from({ length: 5 * MAX_PUT_RECORDS }, () => entry(1));
    const put = putRecords(slow, entries, options({ clock: () => now }));
    await expect(put).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("1500 of 2500") });
    expect(calls).toHaveLength(2);
  });

  test("keeps every call within 500 records and 5 MiB, and loses none", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(10, 5000, 260_000, 1_048_575), { maxLength: 700 }), async (sizes) => {
        const entries = sizes.map((size) => entry(size));
        const { writer, taken, calls } = scripted(() => "ok");
        await putRecords(writer, entries, options());
        expect(taken).toEqual(entries);
        for (const call of calls) {
          expect(call.length).toBeLessThanOrEqual(MAX_PUT_RECORDS);
          expect(call.reduce((sum, { data }) => sum + data.length + 1, 0)).toBeLessThanOrEqual(MAX_PUT_BYTES);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("sends only what failed again, and each record is taken once", async () => {
    const random = new Random(1);
    const { writer, taken, calls } = scripted(() => random.pick(["ok", "failed"] as const));
    const entries = Array.from({ length: 100 }, (_, i) => entry(i));
    const outcome = await putRecords(writer, entries, options());
    expect(taken.map((one) => one.data.length).sort((a, b) => a - b)).toEqual(entries.map((_, i) => i));
    expect(outcome.retries).toBe(calls.slice(1).reduce((sum, call) => sum + call.length, 0));
    expect(outcome.spilled).toBe(0);
  });

  test("waits a random time that grows to a second", async () => {
    const used = options({ random: () => 1 - 2 ** -53 });
    await putRecords(scripted((_, call) => (call < 8 ? "failed" : "ok")).writer, [entry(1)], used);
    expect(used.waits.map(Math.round)).toEqual([50, 100, 200, 400, 800, 1000, 1000, 1000]);
  });

  test("sends a record that a shard refused twice to a random place, and counts it", async () => {
    const { writer, taken, calls } = scripted(({ place }) => (place === 7n ? "throttled" : "ok"));
    const outcome = await putRecords(writer, [entry(1, 7n), entry(2, 8n)], options());
    expect(calls.map((call) => call.map(({ data }) => data.length))).toEqual([[1, 2], [1], [1]]);
    expect(taken.map(({ data }) => data.length)).toEqual([2, 1]);
    expect(outcome).toEqual({ retries: 2, spilled: 1, isMapStale: false });
  });

  test("spills to both halves alike", async () => {
    const { writer, taken } = scripted(({ place }) => (place === 7n ? "throttled" : "ok"));
    const entries = Array.from({ length: 400 }, () => entry(1, 7n));
    await putRecords(writer, entries, options());
    const low = taken.filter(({ place }) => place < HALF).length;
    expect(low).toBeGreaterThan(150);
    expect(low).toBeLessThan(250);
  });

  test("keeps a record on its shard when traces must stay whole", async () => {
    const { writer } = scripted(({ place }) => (place === 7n ? "throttled" : "ok"));
    await expect(putRecords(writer, [entry(1, 7n)], options({ allowSpill: false }))).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test("says that the map is old when another shard answers", async () => {
    const { writer } = scripted(() => "ok");
    const old = shardMap([{ id: "parent", parentIds: [], start: 0n, end: 2n * HALF - 1n, isOpen: true }]);
    expect((await putRecords(writer, [entry(1)], options({ map: old }))).isMapStale).toBe(true);
    expect((await putRecords(writer, [entry(1)], options())).isMapStale).toBe(false);
  });

  test("gives up at the deadline with a time to come back, and begins no attempt after it", async () => {
    const { writer, calls } = scripted(({ data }) => (data.length === 1 ? "failed" : "ok"));
    const used = options({ deadlineMillis: 1500 });
    const fault = await putRecords(writer, [entry(1), entry(2)], used).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "unavailable", message: "1 of 2 records are not in the stream" });
    expect(fault instanceof TracingError && fault.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(used.clock()).toBeLessThan(1500);
    expect(calls.length).toBe(used.waits.length + 1);
  });

  test.each(["throttled", "unavailable"] as const)("takes a call that is %s as one that put nothing", async (code) => {
    let isFirst = true;
    const { writer, taken } = scripted(() => "ok");
    const flaky: StreamWriter = {
      ...writer,
      async put(entries) {
        if (!isFirst) return writer.put(entries);
        isFirst = false;
        throw new TracingError(code, "busy");
      },
    };
    expect(await putRecords(flaky, [entry(1), entry(2)], options())).toMatchObject({ retries: 2, spilled: 0 });
    expect(taken.length).toBe(2);
  });

  test("does not repeat what can never succeed", async () => {
    let calls = 0;
    const denied: StreamWriter = {
      shards: async () => shards,
      put: async () => {
        calls++;
        throw new Error("access denied");
      },
    };
    await expect(putRecords(denied, [entry(1)], options())).rejects.toThrow("access denied");
    expect(calls).toBe(1);
  });

  test("loses nothing and doubles nothing, however often records are refused and though a shard splits", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const stream = memoryStream({ shards: 4 });
      const map = shardMap(await stream.shards());
      stream.refuse = () => random.pick([undefined, undefined, "throttled", "failed"] as const);
      const split = random.chance(0.5) ? random.pick(map.shards) : undefined;
      if (split !== undefined) await stream.split(split.id);
      const entries = Array.from({ length: 200 }, (_, i) => ({
        place: randomPlace(() => random.fraction()),
        data: Uint8Array.of(i),
      }));
      const outcome = await putRecords(stream, entries, options({ map, allowSpill: false }));
      const held = (await stream.shards()).flatMap(({ id }) => stream.held(id));
      expect(held.map(({ data }) => data[0] ?? -1).sort((a, b) => a - b)).toEqual(entries.map((_, i) => i));
      expect(outcome).toMatchObject({ spilled: 0, isMapStale: split !== undefined });
    }
  });
});
