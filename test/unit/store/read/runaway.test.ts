import { expect, test } from "vitest";
import type { TraceId } from "../../../../lib/model/ids.ts";
import { traceId } from "../../../../lib/model/ids.ts";
import type { Trace } from "../../../../lib/model/span.ts";
import { budget, SEARCH_LIMITS } from "../../../../lib/store/read/cost.ts";
import { newHits } from "../../../../lib/store/read/hits.ts";
import { PageView } from "../../../../lib/store/read/page-view.ts";
import type { SegmentRef } from "../../../../lib/store/read/parts.ts";
import type { TraceReaderOptions } from "../../../../lib/store/reader.ts";
import { readHead } from "../../../../lib/store/segment/read-head.ts";
import { traceTerm } from "../../../../lib/store/segment/term-hash.ts";
import { encodeSpans } from "../../../data/search-traces.ts";
import { type MemoryItems, memoryItems } from "../../../support/memory-items.ts";
import { HOUR, HOUR_START, plainSpan, TRACE } from "../../../support/plain-span.ts";
import { HOUR_MILLIS, openStore, writeAll } from "../../../support/search-world.ts";

const NOW = (HOUR + 1) * HOUR_MILLIS - 1000;
const TENANT = "shop";
const ORDINARY = "1".repeat(32);

/** A loop that never leaves its trace, newer than an ordinary trace. */
const runawaySpans = (count: number) =>
  Array.from({ length: count }, (_, i) => plainSpan({ start: HOUR_START + 1_000_000n + BigInt(i) }));

async function write(items: MemoryItems, count: number): Promise<void> {
  const spans = [...runawaySpans(count), plainSpan({ traceId: ORDINARY, start: HOUR_START })];
  const plan = { stream: "spans/1", shardId: "0", first: "1", last: "1", at: NOW, closed: -1 };
  await writeAll(openStore(items, NOW), TENANT, [{ plan, batches: [{ received: BigInt(NOW) * 1_000_000n, spans }] }]);
}

/** A search for everything by a reader whose clock goes on by a millisecond each time it is looked at. */
async function search(items: MemoryItems, more: Partial<TraceReaderOptions> = {}) {
  let now = NOW;
  const found = openStore(items, NOW, { ...more, clock: () => now++ }).find(TENANT, {
    ...{ service: undefined, operation: undefined, tags: [], limit: 20 },
    ...{ startMinNanos: 0n, startMaxNanos: BigInt(NOW) * 1_000_000n },
    ...{ durationMinNanos: undefined, durationMaxNanos: undefined },
  });
  const traces: Trace[] = [];
  for await (const trace of found.traces) traces.push(trace);
  return { ids: traces.map((trace) => trace.traceId), isComplete: found.isComplete() };
}

test("a search passes over a runaway trace, and others have their turns meanwhile", async () => {
  const items = memoryItems();
  await write(items, 6000);
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  expect(await search(items)).toEqual({ ids: [TRACE, ORDINARY], isComplete: true });
  isOver = true;
  // It looks at the clock for every candidate, and works for 20 ms of it at a time.
  expect(turns).toBeGreaterThan(200);
});

test("a search that meets a runaway trace ends with its time", async () => {
  const items = memoryItems();
  await write(items, 6000);
  const { isComplete } = await search(items, { searchLimits: { ...SEARCH_LIMITS, millis: 1000 } });
  expect(isComplete).toBe(false);
});

test("four times as many candidates of one trace take about four times as long", async () => {
  await cpuFor(4_000);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < 5; i++) {
    small.push(await cpuFor(8_000));
    large.push(await cpuFor(32_000));
  }
  // Sixteen times if every candidate looked at every row.
  expect(Math.min(...large) / Math.min(...small)).toBeLessThan(10);
}, 60_000);

/** This thread's time, microseconds, whoever else is on the machine: to find that all candidates of a page are of one trace. */
async function cpuFor(count: number): Promise<number> {
  const spans = runawaySpans(count);
  const segment = await someSegment();
  const term = traceTerm(traceId(TRACE));
  const candidates = spans.map(({ start }) => ({ segment, start, page: 0, trace: term })).reverse();
  const view = new PageView(encodeSpans(spans), new Map());
  const began = process.threadCpuUsage();
  const hits = await newHits(
    candidates,
    () => true,
    new Set<TraceId>(),
    () => view,
    budget(SEARCH_LIMITS, Date.now),
  );
  const { user, system } = process.threadCpuUsage(began);
  expect(hits).toEqual([{ id: TRACE, start: candidates[0]?.start }]);
  return user + system;
}

async function someSegment(): Promise<SegmentRef> {
  const items = memoryItems();
  await write(items, 1);
  const head = items.stored().find(({ pk }) => pk.startsWith("S#"));
  return { head: readHead(head?.body ?? new Uint8Array()), hour: HOUR, at: NOW, isLate: false };
}
