import { describe, expect, test } from "vitest";
import { countedAfter, watchServices } from "../../../lib/pipeline/watch-services.ts";
import { itemBatches } from "../../../lib/store/batches.ts";
import { type CountedSpan, putCounts } from "../../support/counted-spans.ts";
import { memoryItems } from "../../support/memory-items.ts";

const MINUTE = 60_000;
/** Two minutes before an hour ends. */
const START = 490_000 * 60 * MINUTE + 58 * MINUTE;
const COUNTED = 40_000;
const SERVER = 2;
const CLIENT = 3;
const CONSUMER = 5;

let ids = 0;
const hex = (digits: number): string => (++ids).toString(16).padStart(digits, "0");

const aSpan = (startMillis: number, more: Partial<CountedSpan> = {}): CountedSpan => ({
  ...{ trace: hex(32), id: hex(16), parent: undefined, links: [], peer: undefined, service: "cart", name: "GET /" },
  ...{ kind: SERVER, isError: false, durationNanos: 1_000_000n },
  startNanos: BigInt(startMillis) * 1_000_000n,
  ...more,
});

/** What was sent, and how it looks at a time. */
function world() {
  const at = { now: 0 };
  const batches = itemBatches({ items: memoryItems(), clock: () => at.now, sleep: async () => {}, random: () => 0.5 });
  const watch = watchServices({ batches, clock: () => at.now, countedMillis: COUNTED });
  return {
    put: (planMillis: number, spans: readonly CountedSpan[], tenant = "default") =>
      putCounts(batches, tenant, { at: planMillis, spans }),
    async minutes(now: number) {
      at.now = now;
      return (await Array.fromAsync(watch([{ tenant: "default", service: "cart", minCalls: 1 }]))).map(
        ({ startMillis }) => startMillis,
      );
    },
    async look(now: number, minCalls = 1, tenant = "default", service = "cart") {
      at.now = now;
      const [last] = (await Array.fromAsync(watch([{ tenant, service, minCalls }]))).slice(-1);
      const samples = last?.samples ?? [];
      expect(samples.every(({ labels }) => labels.tenant === tenant && labels.service === service)).toBe(true);
      return Object.fromEntries(samples.map(({ metric, values }) => [metric.replace("skua_service_", ""), values[0]]));
    },
  };
}

describe("a watched service", () => {
  test("is looked at over the last minute that is counted, to the millisecond", async () => {
    const { put, look } = world();
    const edges = [START - 1, START, START + MINUTE - 1, START + MINUTE];
    for (const planMillis of edges) await put(planMillis, [aSpan(START - 5 * MINUTE)]);
    expect((await look(START + MINUTE + COUNTED - 1)).calls).toBe(1);
    expect((await look(START + MINUTE + COUNTED)).calls).toBe(2);
    expect((await look(START + 2 * MINUTE + COUNTED)).calls).toBe(1);
  });

  test("has the calls that it answered and none that it made, of all plans and operations", async () => {
    const { put, look } = world();
    await put(START + 1_000, [aSpan(START), aSpan(START, { name: "POST /", isError: true })]);
    await put(START + 2_000, [aSpan(START, { kind: CONSUMER }), aSpan(START, { kind: CLIENT, isError: true })]);
    await put(START + 3_000, [aSpan(START, { service: "ads", isError: true })]);
    await put(START + 4_000, [aSpan(START, { isError: true })], "acme");
    await put(START + MINUTE + 4_000, [aSpan(START, { isError: true })], "acme");
    expect(await look(START + MINUTE + COUNTED)).toMatchObject({ calls: 3, error_rate: 1 / 3 });
    expect(await look(START + 2 * MINUTE + COUNTED, 1, "acme")).toMatchObject({ calls: 1, error_rate: 1 });
  });

  test("is as slow as its slowest call but one in twenty, within five percent", async () => {
    const { put, look } = world();
    const durations = Array.from({ length: 100 }, (_, n) => BigInt(n + 1) * 10_000_000n);
    await put(
      START + 1_000,
      durations.map((durationNanos) => aSpan(START + 500, { durationNanos })),
    );
    const { p95 } = await look(START + MINUTE + COUNTED);
    expect(Math.abs(Number(p95) / 950 - 1)).toBeLessThan(0.06);
  });

  test("with fewer calls than count has neither rate nor percentile, and with none says so", async () => {
    const { put, look } = world();
    await put(START + 1_000, [aSpan(START, { isError: true }), aSpan(START)]);
    await put(START + MINUTE + 1_000, [aSpan(START, { isError: true }), aSpan(START)]);
    const few = await look(START + MINUTE + COUNTED, 3);
    expect(few).toEqual({ calls: 2, error_rate: Number.NaN, p95: Number.NaN });
    expect(await look(START + 2 * MINUTE + COUNTED, 2)).toMatchObject({ calls: 2, error_rate: 0.5 });
    expect(await look(START + 9 * MINUTE, 1)).toEqual({ calls: 0, error_rate: Number.NaN, p95: Number.NaN });
  });

  test("that hangs is seen once its calls end, though they began in minutes and an hour that are long over", async () => {
    const { put, look } = world();
    const next = START + 2 * MINUTE;
    await put(next + 10_000, [aSpan(next - 50 * MINUTE, { isError: true, durationNanos: 3_000_000_000_000n })]);
    expect(await look(next + MINUTE + COUNTED)).toMatchObject({ calls: 1, error_rate: 1 });
  });

  test("is told of each minute once, of at most five that were missed, and of two by a process that begins", async () => {
    const { minutes } = world();
    const last = START + MINUTE + COUNTED;
    expect(await minutes(last + 59_999)).toEqual([START - MINUTE, START]);
    expect(await minutes(last + 59_999)).toEqual([]);
    expect(await minutes(last + MINUTE)).toEqual([START + MINUTE]);
    expect(await minutes(last + 3 * MINUTE)).toEqual([START + 2 * MINUTE, START + 3 * MINUTE]);
    expect(await minutes(last + 20 * MINUTE)).toEqual([16, 17, 18, 19, 20].map((n) => START + n * MINUTE));
    expect(await minutes(last)).toEqual([START - MINUTE, START]);
  });

  test("is seen though its clock is ahead of ours, and across the hour's end", async () => {
    const { put, look } = world();
    const next = START + 2 * MINUTE;
    await put(next - 30_000, [aSpan(next + 20_000)]);
    expect((await look(next + COUNTED)).calls).toBe(1);
  });
});

test("what is counted waits for a plan to be tried again, and twice for the indexer's batches", () => {
  expect(countedAfter(5_000)).toBe(40_000);
  expect(countedAfter(60_000)).toBe(150_000);
});
