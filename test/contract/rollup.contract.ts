import { expect, test } from "vitest";
import type { TraceQuery } from "../../lib/model/trace-query.ts";
import { readerStates } from "../../lib/pipeline/reader-states.ts";
import { mergeHour } from "../../lib/pipeline/rollup/merge-hour.ts";
import { type MergeTask, rollUp } from "../../lib/pipeline/rollup/roll-up.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import type { Items, Registers } from "../../lib/store/items.ts";
import { summaryKey } from "../../lib/store/keys.ts";
import { readSummary } from "../../lib/store/merge/read-summary.ts";
import { HOUR, HOUR_NANOS, HOUR_START, plainSpan } from "../support/plain-span.ts";
import { HOUR_MILLIS, openStore, RETENTION_HOURS, writeAll } from "../support/search-world.ts";

const STREAM = "spans/1";
const TENANT = "acme";
const PLANS = 90;
/** Milliseconds. */
const WINDOW = 5_000;

const EVERYTHING: TraceQuery = {
  ...{ service: undefined, operation: undefined, tags: [], durationMinNanos: undefined, durationMaxNanos: undefined },
  startMinNanos: HOUR_START,
  startMaxNanos: HOUR_START + HOUR_NANOS,
  limit: 1_000,
};

/** An hour's life over any table: plans come, it is merged, it is closed, more comes. What was sent is found all the time. */
export function rollupContract(open: () => Promise<Items & Registers>): void {
  test("what is merged, closed or late is found as it was before", { timeout: 60_000 }, async () => {
    const items = await open();
    let now = HOUR * HOUR_MILLIS + 60_000;
    const clock = () => now;
    const batches = itemBatches({ items, clock, random: () => 0.5, sleep: async () => {} });
    const merging = { batches, registers: items, clock, random: () => 0.5 };
    const limits = { retentionHours: RETENTION_HOURS, mergeMillis: 60_000 };
    const tasks: MergeTask[] = [];
    const dispatch = async (task: MergeTask): Promise<void> => {
      tasks.push(task);
    };
    const run = rollUp({ ...merging, ...limits, tasksPerRun: 10, dispatch });
    const states = readerStates({ registers: items, stream: STREAM, retentionSeconds: 86_400, clock });
    const ids: string[] = [];

    /** A plan with one span, by the reader's own protocol. */
    async function plan(): Promise<void> {
      now += WINDOW;
      const number = `${ids.length}`;
      const id = (ids.length + 1).toString(16).padStart(32, "0");
      const { version, closed, lastAt, done } = await states.load("0");
      const at = Math.max(now, lastAt + 1);
      const made = { first: number, last: number, at, closed, tries: 1, suspect: undefined, excluded: [] };
      await states.save("0", { done, plan: made, lastAt: at, closed, version: version + 1 });
      const written = { stream: STREAM, shardId: "0", ...made };
      await writeAll(openStore(items, now), TENANT, [
        { plan: written, batches: [{ received: BigInt(now) * 1_000_000n, spans: [plainSpan({ traceId: id })] }] },
      ]);
      await states.save("0", { done: number, plan: undefined, lastAt: at, closed, version: version + 2 });
      ids.push(id);
    }

    async function roll(minutes: number): Promise<void> {
      for (let i = 0; i < minutes; i++) {
        now += 60_000;
        await run();
        for (const task of tasks.splice(0)) await mergeHour(task, { ...merging, ...limits });
      }
    }

    const summary = async () => readSummary((await items.load(summaryKey(TENANT, HOUR)))?.body ?? new Uint8Array());

    async function expectAllFound(): Promise<void> {
      const found: string[] = [];
      for await (const trace of openStore(items, now).find(TENANT, EVERYTHING).traces) found.push(trace.traceId);
      expect(found.sort()).toEqual(ids);
    }

    for (let i = 0; i < PLANS; i++) await plan();
    await roll(2);
    const merged = await summary();
    expect([merged.isClosed, merged.merged.map(({ inputs }) => inputs)]).toEqual([false, [PLANS]]);
    await plan();
    await expectAllFound();
    now = (HOUR + 1) * HOUR_MILLIS + 11 * 60_000;
    // The clock alone is believed after a few minutes without plans.
    await roll(6);
    const closed = await summary();
    expect([closed.isClosed, closed.merged.map(({ inputs }) => inputs)]).toEqual([true, [PLANS + 1]]);
    for (let i = 0; i < 3; i++) await plan();
    expect((await states.load("0")).closed).toBe(HOUR);
    await expectAllFound();
  });
}
