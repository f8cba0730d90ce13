import { describe, expect, test } from "vitest";
import { measuredIngest } from "../../../lib/pipeline/measured-ingest.ts";
import { measuredRead, measureNotice } from "../../../lib/pipeline/measured-read.ts";
import type { ReaderNotice } from "../../../lib/stream/reader.ts";

/** What was measured, in order. */
function seen() {
  const all: unknown[] = [];
  return { all, measure: (...one: unknown[]) => all.push(one.filter((each) => each !== undefined)) };
}

const arrived = (arrivedMillis: number) => ({ sequenceNumber: "1", data: new Uint8Array(), arrivedMillis });

describe("what is read of a shard", () => {
  test("is counted once it is indexed, and took as long as its oldest record waited", async () => {
    const { all, measure } = seen();
    const read = measuredRead(
      async () => ({ done: "1", plans: 1, records: 2 }),
      measure,
      () => 10_000,
    );
    expect(await read("shard", [arrived(9_000), arrived(7_500)])).toEqual({ done: "1", plans: 1, records: 2 });
    expect(all).toEqual([
      ["skua_indexed_records", 2],
      ["skua_index_lag", 2_500],
    ]);
  });

  test("has no lag when it was found before: it may come a second time hours later", async () => {
    const { all, measure } = seen();
    const again = measuredRead(
      async () => ({ done: "1", plans: 0, records: 0 }),
      measure,
      () => 1e7,
    );
    await again("shard", [arrived(0)]);
    expect(all).toEqual([["skua_indexed_records", 0]]);
  });

  test("is not when it fails; a plan that is finished without records has waited nobody knows how long", async () => {
    const { all, measure } = seen();
    const failing = async () => {
      throw new Error("the table is away");
    };
    await expect(measuredRead(failing, measure, () => 0)("shard", [arrived(0)])).rejects.toThrow("away");
    await measuredRead(
      async () => ({ done: "1", plans: 1, records: 5 }),
      measure,
      () => 0,
    )("shard", []);
    expect(all).toEqual([["skua_indexed_records", 5]]);
  });
});

const range = { shardId: "shard", first: "1", last: "2" };

test.each<[ReaderNotice, unknown[]]>([
  [{ kind: "excluded", shardId: "shard", sequenceNumber: "1", reason: "no record" }, ["skua_quarantined_records", 1]],
  [{ kind: "lost", ...range }, ["skua_lost_ranges", 1]],
  [{ kind: "dropped", ...range, spans: 4 }, ["skua_dropped_spans", 4, { reason: "dropped" }]],
  [{ kind: "refused", ...range, spans: 3, message: "" }, ["skua_dropped_spans", 3, { reason: "refused" }]],
])("a notice is counted: %j", (notice, expected) => {
  const { all, measure } = seen();
  measureNotice(notice, measure);
  measureNotice({ kind: "waiting", shardId: "shard", names: 2 }, measure);
  expect(all).toEqual([expected]);
});

describe("what is taken in", () => {
  test("is counted by what became of it", async () => {
    const { all, measure } = seen();
    const outcome = { acceptedSpans: 5, rejectedSpans: 2, truncatedSpans: 1, message: "" };
    expect(await measuredIngest(async () => outcome, measure)("acme", new Uint8Array())).toBe(outcome);
    expect(all).toEqual([
      ["otelcol_receiver_accepted_spans", 5],
      ["otelcol_receiver_refused_spans", 2, { reason: "unacceptable" }],
      ["skua_truncated_spans", 1],
    ]);
  });

  test("is not when the request failed", async () => {
    const { all, measure } = seen();
    const failing = async () => {
      throw new Error("the stream is away");
    };
    await expect(measuredIngest(failing, measure)("acme", new Uint8Array())).rejects.toThrow("away");
    expect(all).toEqual([]);
  });
});
