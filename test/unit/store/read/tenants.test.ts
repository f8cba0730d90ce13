import { beforeAll, describe, expect, test } from "vitest";
import { traceId } from "../../../../lib/model/ids.ts";
import type { TraceQuery } from "../../../../lib/model/trace-query.ts";
import type { ReadCost } from "../../../../lib/store/read/cost.ts";
import { encodeSpans } from "../../../data/search-traces.ts";
import { memoryItems } from "../../../support/memory-items.ts";
import { mergeHour } from "../../../support/merged-hours.ts";
import { HOUR, HOUR_START, plainSpan } from "../../../support/plain-span.ts";
import { HOUR_MILLIS, openStore } from "../../../support/search-world.ts";

const NOW = (HOUR + 1) * HOUR_MILLIS - 1000;
const SECONDS = 6;

/** Two senders whose spans arrive in the same plans: one span a second, and five thousand. */
const TENANTS = [
  { tenant: "small", spansPerSecond: 1 },
  { tenant: "large", spansPerSecond: 5000 },
];

const idOf = (tenant: string, n: number) => traceId(Buffer.from(`${tenant}-${n}`).toString("hex").padStart(32, "0"));

const spansOf = (tenant: string, count: number, second: number) =>
  Array.from({ length: count }, (_, i) =>
    plainSpan({
      traceId: idOf(tenant, (second * count + i) % Math.ceil((count * SECONDS) / 3)),
      start: HOUR_START + BigInt(second) * 1_000_000_000n + BigInt(i),
      attributes: [["n", { int: BigInt(i) }]],
    }),
  );

const EVERYTHING: TraceQuery = {
  ...{ service: "frontend", operation: undefined, tags: [], limit: 20 },
  ...{ startMinNanos: HOUR_START, startMaxNanos: HOUR_START + 3_599_000_000_000n },
  ...{ durationMinNanos: undefined, durationMaxNanos: undefined },
};

describe.each([{ isMerged: false }, { isMerged: true }])("tenants side by side, merged: $isMerged", ({ isMerged }) => {
  const items = memoryItems();

  beforeAll(async () => {
    const store = openStore(items, NOW);
    for (let second = 0; second < SECONDS; second++) {
      const batches = TENANTS.map(({ tenant, spansPerSecond }) => ({
        ...{ tenant, receivedNanos: BigInt(NOW) * 1_000_000n },
        traces: encodeSpans(spansOf(tenant, spansPerSecond, second)),
      }));
      const number = `${second}`;
      const plan = { stream: "s/1", shardId: "0", first: number, last: number, at: NOW + second, closed: -1 };
      await store.write(plan, batches);
    }
    if (!isMerged) return;
    for (const { tenant } of TENANTS)
      await mergeHour(items, { tenant, hour: HOUR, isClosed: false, mark: NOW + 4, markLate: 0, most: 8 });
  }, 60_000);

  test.each(TENANTS)("what $tenant asks is answered from its own items alone", async ({ tenant }) => {
    const read: string[] = [];
    const costs: ReadCost[] = [];
    items.faults = ({ keys }) => {
      for (const { pk } of keys) read.push(pk);
      return undefined;
    };
    const store = openStore(items, NOW, { onRead: (_, cost) => costs.push(cost) });
    for (const query of [EVERYTHING, { ...EVERYTHING, tags: [{ key: "n", value: "0" }] }]) {
      let found = 0;
      for await (const trace of store.find(tenant, query).traces) found += trace.spans.length;
      expect(found).toBeGreaterThan(0);
    }
    expect((await store.trace(tenant, idOf(tenant, 0)))?.spans).toHaveLength(3);
    for (const { tenant: other } of TENANTS)
      if (other !== tenant) expect(await store.trace(tenant, idOf(other, 0))).toBeUndefined();
    await store.services(tenant);
    await store.operations(tenant, "frontend");
    items.faults = undefined;
    expect(read.filter((pk) => pk.split("#")[1] !== tenant)).toEqual([]);
    // Whoever sends little reads little, whatever else is in the table.
    if (tenant === "small") expect(Math.max(...costs.map(({ bytes }) => bytes))).toBeLessThan(20_000);
  });
});
