import { beforeAll, describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { itemBatches } from "../../../lib/store/batches.ts";
import type { Key } from "../../../lib/store/items.ts";
import {
  bundleKey,
  countsKey,
  dayKeyKind,
  keyText,
  minuteOf,
  pageKey,
  readHeadKey,
  readLateHeadKey,
  readStartedKey,
  rowsKey,
  termsKey,
  workKey,
} from "../../../lib/store/keys.ts";
import { nameReader } from "../../../lib/store/names.ts";
import type { Batch, TraceWriter, WritePlan } from "../../../lib/store/port.ts";
import { readBundle } from "../../../lib/store/segment/read-bundle.ts";
import { readHead } from "../../../lib/store/segment/read-head.ts";
import { readPage } from "../../../lib/store/segment/read-page.ts";
import type { Head } from "../../../lib/store/segment/types.ts";
import { traceWriter } from "../../../lib/store/write.ts";
import { opentelemetry } from "../../../proto/gen/index.js";
import { requests, type TrafficSpan } from "../../data/traffic.ts";
import { type MemoryItems, memoryItems } from "../../support/memory-items.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

const HOUR = 3_600_000;
const RETENTION_HOURS = 168;
const NOON = Date.UTC(2026, 10, 22, 12);
const PLAN: WritePlan = {
  stream: "spans@1795354200",
  shardId: "shardId-000000000002",
  first: "495",
  last: "512",
  at: NOON + 2 * 60_000,
  closed: NOON / HOUR - 2,
};

interface Sent {
  readonly tenant: string;
  readonly span: TrafficSpan;
}

/** Traces of a tenant that began a while before noon. */
function sent(
  tenant: string,
  traces: number,
  startMillis: number,
  spreadMillis: number,
): { batches: Batch[]; all: Sent[] } {
  const arrived = requests({ seed: traces, traces, spansPerTrace: 5, startMillis, spreadMillis });
  return {
    batches: arrived.map((one) => ({ tenant, receivedNanos: BigInt(one.atMillis) * 1_000_000n, traces: one.bytes })),
    all: arrived.flatMap((one) => one.spans.map((span) => ({ tenant, span }))),
  };
}

/** A large segment in parts, a bundled and an inline one, an hour boundary, a closed hour, and a tenant that looks like another's key. */
const PARTS = [
  sent("shop", 300, NOON - 60_000, 55_000),
  sent("shop#1", 60, NOON - 20_000, 40_000),
  sent("shop%231", 1, NOON + 10_000, 1_000),
  sent("shop", 3, NOON - 3 * HOUR, 10_000),
];
const BATCHES = PARTS.flatMap((part) => part.batches);
const SENT = PARTS.flatMap((part) => part.all);

const receivedNow = (batch: Batch): Batch => ({ ...batch, receivedNanos: BigInt(PLAN.at) * 1_000_000n });

function writerOn(table: MemoryItems): TraceWriter {
  const { clock, sleep } = virtualTime(PLAN.at);
  const batches = itemBatches({ items: table, clock, sleep, random: () => 0.5 });
  return traceWriter({ batches, retentionHours: RETENTION_HOURS });
}

interface StoredHead {
  readonly tenant: string;
  readonly at: number;
  readonly hour: number;
  readonly head: Head;
}

function heads(table: MemoryItems): StoredHead[] {
  return table.stored().flatMap(({ pk, sk, body }) => {
    const [kind, tenant = "", time] = pk.split("#");
    if (kind !== "S" && !(kind === "H" && dayKeyKind(sk) === "late head")) return [];
    const key = kind === "S" ? { ...readHeadKey(sk), hour: Number(time) } : readLateHeadKey(sk);
    const plain = tenant.replaceAll("%23", "#").replaceAll("%25", "%");
    return [{ tenant: plain, at: key.at, hour: key.hour, head: readHead(body) }];
  });
}

const spanIds = (traces: Uint8Array): string[] =>
  TracesData.decode(traces)
    .resourceSpans.flatMap((resource) => resource.scopeSpans ?? [])
    .flatMap((scope) => scope.spans ?? [])
    .map((span) => Buffer.from(span.spanId ?? []).toString("hex"));

/** Everything that a reader of the head goes on to read, and what rollup needs to find it. */
function leadsTo({ tenant, at, hour, head }: StoredHead): string[] {
  const { segment } = head;
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  const parts =
    head.body === "bundled"
      ? [bundleKey(tenant, segment)]
      : head.body === "parts"
        ? [
            ...numbers(head.pages).map((n) => pageKey(tenant, segment, n)),
            ...numbers(head.termParts).map((n) => termsKey(tenant, segment, n)),
            ...numbers(head.rowParts).map((n) => rowsKey(tenant, segment, n)),
          ]
        : [];
  return [...parts, countsKey(tenant, hour, at, segment, 0), workKey(minuteOf(PLAN.at), tenant, hour)].map(keyText);
}

/** How often a value was seen is a guess: a repeat is one more sight of it. */
const isExact = (pk: string): boolean => !pk.startsWith("V#");

describe("writing a plan", () => {
  let undisturbed: MemoryItems;
  let expected: string[];
  let calls: number;
  beforeAll(async () => {
    undisturbed = memoryItems();
    const report = await writerOn(undisturbed).write(PLAN, BATCHES);
    expect(report).toEqual({ spans: SENT.length, dropped: 0, waitingNames: 0 });
    expected = undisturbed.dump(isExact);
    calls = undisturbed.calls;
  });

  test("stores every span under its tenant and the hour of its start, once", () => {
    const items = new Map(undisturbed.stored().map((item) => [keyText(item), item.body]));
    const item = (key: Key): Uint8Array => items.get(keyText(key)) ?? new Uint8Array(0);
    const stored = heads(undisturbed).flatMap(({ tenant, hour, head }) =>
      Array.from({ length: head.pages }, (_, n) => {
        if (head.body === "parts") return item(pageKey(tenant, head.segment, n));
        return (typeof head.body === "object" ? head.body : readBundle(item(bundleKey(tenant, head.segment)))).page(n);
      }).flatMap((page) => spanIds(readPage(page).traces).map((id) => `${tenant} ${hour} ${id}`)),
    );
    expect(stored.sort()).toEqual(
      SENT.map(({ tenant, span }) => `${tenant} ${span.startNanos / 3_600_000_000_000n} ${span.spanId}`).sort(),
    );
  });

  test("holds segments of every size, and late heads for closed hours only", () => {
    const found = heads(undisturbed);
    expect(new Set(found.map(({ head }) => (typeof head.body === "string" ? head.body : "inline")))).toEqual(
      new Set(["parts", "bundled", "inline"]),
    );
    const late = undisturbed.stored().filter(({ pk, sk }) => pk.startsWith("H#") && dayKeyKind(sk) === "late head");
    expect(late.map((item) => readLateHeadKey(item.sk).hour)).toEqual([NOON / HOUR - 3]);
    expect(found.filter(({ hour }) => hour <= PLAN.closed)).toHaveLength(1);
  });

  test("says of every hour with a head that it has one, before the head is there", () => {
    const started = undisturbed.stored().filter(({ pk, sk }) => pk.startsWith("H#") && dayKeyKind(sk) === "started");
    const shown = (tenant: string, hour: number): string => `${tenant} ${hour}`;
    const expected = heads(undisturbed).filter(({ hour }) => hour > PLAN.closed);
    expect(started.map(({ sk, body }) => shown(Buffer.from(body).toString(), readStartedKey(sk))).sort()).toEqual(
      [...new Set(expected.map(({ tenant, hour }) => shown(tenant, hour)))].sort(),
    );
  });

  test("every item of an hour expires a retention after the hour's end", () => {
    for (const { pk, ttl } of undisturbed.stored()) {
      const [kind, , hour] = pk.split("#");
      if (kind === "S" || kind === "G") expect(ttl).toBe((Number(hour) + 1 + RETENTION_HOURS) * 3600);
      else if (kind === "C" || kind === "O" || kind === "V")
        expect(ttl).toBe(PLAN.at / 1000 + (RETENTION_HOURS + 4) * 3600);
      else expect(ttl % 3600).toBe(0);
    }
  });

  test("brings the names", async () => {
    const { clock, sleep } = virtualTime(PLAN.at);
    const names = nameReader({ batches: itemBatches({ items: undisturbed, clock, sleep, random: () => 0 }), clock });
    expect(await names.services("shop")).toContain("checkout");
    expect((await names.operations("shop", "frontend")).length).toBeGreaterThan(1);
  });

  test("repeated, by the same process or another, leaves the same bytes", async () => {
    const table = memoryItems();
    const one = writerOn(table);
    await one.write(PLAN, BATCHES);
    await one.write(PLAN, BATCHES);
    await writerOn(table).write(PLAN, BATCHES);
    expect(table.dump(isExact)).toEqual(expected);
  });

  test("no head is ever visible before what it leads to", async () => {
    const table = memoryItems();
    let checked = 0;
    table.faults = () => {
      const stored = new Set(table.stored().map(keyText));
      for (const head of heads(table)) {
        checked++;
        expect(leadsTo(head).filter((key) => !stored.has(key))).toEqual([]);
      }
      return undefined;
    };
    await writerOn(table).write(PLAN, BATCHES);
    expect(checked).toBeGreaterThan(0);
  });

  test("after a crash at any call, before it or after it, a repeat leaves the same bytes", async () => {
    for (let crashAt = 1; crashAt <= calls; crashAt++)
      for (const phase of ["before", "after"] as const) {
        const table = memoryItems();
        table.faults = (call) => {
          if (call.n === crashAt && call.phase === phase) throw new Error("crash");
          return undefined;
        };
        const writer = writerOn(table);
        await expect(writer.write(PLAN, BATCHES)).rejects.toThrow("crash");
        table.faults = undefined;
        // In turn the process that lived on, and a new one.
        await (crashAt % 2 === 0 ? writer : writerOn(table)).write(PLAN, BATCHES);
        expect(table.dump(isExact)).toEqual(expected);
      }
  }, 120_000);

  test("through throttling and items handed back, nothing is lost", async () => {
    const table = memoryItems();
    table.faults = (call) => {
      if (call.phase === "after") return undefined;
      if (call.n % 5 === 0) throw new TracingError("throttled", "slow");
      return { left: Math.floor(call.keys.length / 3) };
    };
    await writerOn(table).write(PLAN, BATCHES);
    expect(table.dump(isExact)).toEqual(expected);
  });

  test("spans of expired hours and of the future are left out and counted", async () => {
    const table = memoryItems();
    const foreign = [
      sent("shop", 2, PLAN.at - (RETENTION_HOURS + 2) * HOUR, 1_000),
      sent("shop", 3, PLAN.at + 3 * HOUR, 1_000),
    ];
    const received = foreign.flatMap((one) => one.batches).map(receivedNow);
    const report = await writerOn(table).write(PLAN, [...BATCHES, ...received]);
    const dropped = foreign.flatMap((one) => one.all).length;
    expect(report).toEqual({ spans: SENT.length, dropped, waitingNames: 0 });
    expect(heads(table).length).toBe(heads(undisturbed).length);
  });

  test("a plan that says it was made long after, or long before, loses nothing of what ingest took", async () => {
    for (const days of [9, -9]) {
      const plan = { ...PLAN, at: PLAN.at + days * 24 * HOUR };
      expect(await writerOn(memoryItems()).write(plan, BATCHES)).toMatchObject({ spans: SENT.length, dropped: 0 });
    }
  });

  test("of nothing is nothing", async () => {
    const table = memoryItems();
    expect(await writerOn(table).write(PLAN, [])).toEqual({ spans: 0, dropped: 0, waitingNames: 0 });
    const { batches, all } = sent("shop", 1, PLAN.at + 3 * HOUR, 1);
    expect(await writerOn(table).write(PLAN, batches.map(receivedNow))).toMatchObject({
      spans: 0,
      dropped: all.length,
    });
    expect(table.calls).toBe(0);
  });
});
