import { describe, expect, test } from "vitest";
import { itemBatches } from "../../../lib/store/batches.ts";
import { itemBytes } from "../../../lib/store/item-bytes.ts";
import { MAX_ITEM_BYTES } from "../../../lib/store/items.ts";
import { traceWriter } from "../../../lib/store/write.ts";
import { opentelemetry } from "../../../proto/gen/index.js";
import { Random } from "../../data/random.ts";
import { memoryItems } from "../../support/memory-items.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

const NOW = 1_790_000_000_000;
const RECEIVED = BigInt(NOW) * 1_000_000n;
const START = { low: Number(BigInt.asIntN(32, RECEIVED)), high: Number(RECEIVED >> 32n), unsigned: true };

interface Hostile {
  readonly traceId?: Uint8Array;
  readonly spanId?: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly service?: string;
  readonly name?: string;
  readonly attributes?: readonly (readonly [string, string])[];
  readonly links?: number;
}

const id = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes, 1);
  buffer.writeUInt32BE(value + 1, bytes - 4);
  return buffer;
};
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

const encode = (spans: readonly Hostile[]): Uint8Array =>
  TracesData.encode({
    resourceSpans: [...Map.groupBy(spans, (span) => span.service ?? "a")].map(([service, own]) => ({
      resource: { attributes: [text("service.name", service)] },
      scopeSpans: [
        {
          spans: own.map(({ attributes = [], links = 0, service: _, ...span }) => ({
            traceId: id(0, 16),
            spanId: id(0, 8),
            startTimeUnixNano: START,
            ...span,
            attributes: attributes.map(([key, value]) => text(key, value)),
            links: Array.from({ length: links }, (_, i) => ({ traceId: span.traceId ?? id(0, 16), spanId: id(i, 8) })),
          })),
        },
      ],
    })),
  } as never).finish();

function world() {
  const table = memoryItems();
  const batches = itemBatches({ items: table, clock: () => NOW, sleep: async () => {}, random: () => 0.5 });
  return { table, writer: traceWriter({ batches, retentionHours: 168 }) };
}

const batchOf = (spans: readonly Hostile[]) => ({ tenant: "default", receivedNanos: RECEIVED, traces: encode(spans) });
const PLAN = { stream: "s", shardId: "0", first: "1", last: "2", at: NOW, closed: -1 };
const noise = new Random(3).hex(450_000);

describe("whatever a sender writes, every item fits the table", () => {
  test.each<[string, Hostile[]]>([
    ["a span's name", [{ name: noise }]],
    ["a service's name", [{ service: noise }]],
    ["a peer's name", [{ attributes: [["peer.service", noise]] }]],
    ["an attribute's key", [{ attributes: [[noise, "x"]] }]],
    ["an attribute's value", [{ attributes: [["x", noise]] }]],
    [
      "1,000 services of a kilobyte",
      Array.from({ length: 1000 }, (_, i) => ({ service: `${i}${noise.slice(0, 1000)}`, spanId: id(i, 8) })),
    ],
    [
      "1,000 operations of a kilobyte",
      Array.from({ length: 1000 }, (_, i) => ({ name: `${i}${noise.slice(0, 1000)}`, spanId: id(i, 8) })),
    ],
    ["a span that links to 40,000 others", [{ links: 40_000 }]],
  ])("%s", async (_, spans) => {
    const { table, writer } = world();
    const batch = batchOf(spans);
    writer.check(batch);
    const report = await writer.write(PLAN, [batch]);
    expect(report.spans).toBe(spans.length);
    for (const item of table.stored()) expect(itemBytes(item)).toBeLessThanOrEqual(MAX_ITEM_BYTES);
    expect(table.stored().some((item) => item.pk.startsWith("S#"))).toBe(true);
    // What is written is of the order of what was sent.
    const written = table.stored().reduce((sum, item) => sum + itemBytes(item), 0);
    expect(written).toBeLessThan(batch.traces.length * 4 + 20_000);
  });
});

/** CPU seconds, the least of three. */
function cpuOf(work: () => void): number {
  const times = [0, 1, 2].map(() => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return Math.min(...times);
}

describe("twice as many spans take about twice the time, whatever ids and names they have", () => {
  const many = (count: number, span: (i: number) => Hostile): Hostile[] =>
    Array.from({ length: count }, (_, i) => span(i));
  test.each<[string, (count: number) => Hostile[]]>([
    ["one span id in as many traces", (n) => many(n, (i) => ({ traceId: id(i, 16) }))],
    [
      "one trace and span id, other content",
      (n) => many(n, (i) => ({ name: `operation ${i % 7}`, attributes: [["n", `${i + 1e6}`]] })),
    ],
    ["as many services", (n) => many(n, (i) => ({ service: `service ${i}`, spanId: id(i, 8) }))],
    [
      "children of a span id that half of them share",
      (n) =>
        many(n, (i) => (i % 2 === 0 ? { attributes: [["n", `${i}`]] } : { spanId: id(i, 8), parentSpanId: id(0, 8) })),
    ],
    [
      "trace ids that differ in their first bytes",
      (n) => many(n, (i) => ({ traceId: Buffer.concat([id(i, 8), Buffer.alloc(8, 1)]), spanId: id(i, 8) })),
    ],
  ])("%s", (_, spansOf) => {
    const { writer } = world();
    const [half, whole] = [batchOf(spansOf(6_000)), batchOf(spansOf(24_000))];
    writer.check(half); // warm
    const [few, more] = [cpuOf(() => writer.check(half)), cpuOf(() => writer.check(whole))];
    // Four times the spans: linear is 4, a square is 16.
    expect(more / few).toBeLessThan(9);
  });
});
