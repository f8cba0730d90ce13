import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { ingest } from "../../../lib/pipeline/ingest.ts";
import { tenantRates } from "../../../lib/runtime/rates.ts";
import type { Entry, PutResult, StreamWriter } from "../../../lib/stream/port.ts";
import { decodeRecord } from "../../../lib/stream/record.ts";
import { opentelemetry } from "../../../proto/gen/index.js";
import { encodeRequest, traces } from "../../data/traffic.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

/** The true time; half past an hour, so that a jump changes the hour too. */
const NOW = 497_500 * 3_600_000 + 1_800_000;
const HOUR_MILLIS = 3_600_000;

/** Spans that have just ended, by a clock that is right. */
const justNow = (seed: number) =>
  [...traces({ seed, traces: 20, spansPerTrace: 9.5, startMillis: NOW - 5000, spreadMillis: 1000 })].flat();

const idsIn = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ data }) =>
    (TracesData.decode(decodeRecord(data).traces).resourceSpans ?? []).flatMap(({ scopeSpans }) =>
      (scopeSpans ?? []).flatMap(({ spans }) =>
        (spans ?? []).map(({ spanId }) => Buffer.from(spanId ?? []).toString("hex")),
      ),
    ),
  );

/** A server whose clock is off by as much as `off` says, and a stream that answers as `answer` says. */
function world(answer: (call: number) => "taken" | "refused" = () => "taken") {
  const clock = { off: 0, slept: 0 };
  const taken: Entry[] = [];
  let calls = 0;
  let lists = 0;
  let sleeps = 0;
  const stream: StreamWriter = {
    async shards() {
      lists++;
      return [{ id: "shard", parentIds: [], isOpen: true, start: 0n, end: 2n ** 128n - 1n }];
    },
    async put(entries) {
      if (answer(calls++) === "refused")
        return entries.map((): PutResult => ({ ok: false, reason: "failed", message: "busy" }));
      taken.push(...entries);
      return entries.map(() => ({ ok: true, shardId: "shard", sequenceNumber: "1" }));
    },
  };
  const take = ingest({
    stream,
    clock: () => NOW + clock.off + clock.slept,
    random: () => 0.5,
    sleep: async (millis) => {
      clock.slept += millis;
      if (++sleeps > 1000) throw new Error("it waits for ever");
    },
    retentionHours: 168,
  });
  return { clock, take, taken, lists: () => lists, calls: () => calls };
}

describe.each([
  ["forward", HOUR_MILLIS],
  ["back", -HOUR_MILLIS],
])("a clock that jumps %s an hour", (_, jump) => {
  test("between requests loses and refuses nothing that is just sent", async () => {
    const { clock, take, taken } = world();
    const sent: string[] = [];
    for (const [seed, off] of [0, jump, jump, 0, jump].entries()) {
      clock.off = off;
      const spans = justNow(seed + 1);
      sent.push(...spans.map(({ spanId }) => spanId));
      expect(await take("acme", encodeRequest(spans))).toEqual({
        ...{ acceptedSpans: spans.length, rejectedSpans: 0, message: "" },
      });
    }
    expect(idsIn(taken).sort()).toEqual(sent.sort());
  });

  test("while a request waits for the stream ends the waiting: the spans are taken, or their sender is told to come again", async () => {
    const spans = justNow(9);
    const jumped = world((call) => {
      if (call === 0) jumped.clock.off = jump;
      return call < 2 ? "refused" : "taken";
    });
    const outcome = await jumped.take("acme", encodeRequest(spans)).catch((error: unknown) => error);
    if (outcome instanceof TracingError) {
      expect([outcome.code, idsIn(jumped.taken)]).toEqual(["unavailable", []]);
      expect(outcome.retryAfterSeconds).toBeGreaterThan(0);
    } else expect(idsIn(jumped.taken).sort()).toEqual(spans.map(({ spanId }) => spanId).sort());
  });

  test("does not make a request wait longer for a stream that takes nothing", async () => {
    const jumped = world((call) => {
      if (call === 0) jumped.clock.off = jump;
      return "refused";
    });
    await expect(jumped.take("acme", encodeRequest(justNow(9)))).rejects.toMatchObject({ code: "unavailable" });
    expect(jumped.clock.slept).toBeLessThanOrEqual(8_000);
  });

  test("has the stream's shards asked for again, not kept for that hour", async () => {
    const { clock, take, lists } = world();
    await take("acme", encodeRequest(justNow(1)));
    clock.off = jump;
    await take("acme", encodeRequest(justNow(2)));
    expect(lists()).toBe(2);
  });

  test("takes nothing from what a tenant may send, and gives no more than it may send at once", () => {
    let now = NOW;
    const takeRate = tenantRates(
      () => ({ spansPerSecond: 10 }),
      () => now,
    );
    takeRate("acme", 50, 0);
    now += jump;
    takeRate("acme", 40, 0);
    now += 1000;
    takeRate("acme", 1, 0);
    now -= jump;
    // Ten seconds' worth at most has come together, whatever the clock says.
    takeRate("acme", 100, 0);
    expect(() => takeRate("acme", 1, 0)).toThrow("more than its 10 spans a second");
  });
});
