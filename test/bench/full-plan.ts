// Indexes one full plan, in a process of its own: node --expose-gc test/bench/full-plan.ts SHAPE
import { randomBytes } from "node:crypto";
import { indexRecords } from "../../lib/pipeline/index-records.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import type { Items } from "../../lib/store/items.ts";
import { traceWriter } from "../../lib/store/write.ts";
import type { StreamRecord } from "../../lib/stream/port.ts";
import { encodeRecord } from "../../lib/stream/record.ts";
import { opentelemetry } from "../../proto/gen/index.js";

const { TracesData } = opentelemetry.proto.trace.v1;

/** What a plan takes (stream/plan-records), in records as ingest fills them. */
const RECORDS = 128;
const RECORD_BYTES = 256 * 1024;

/** What a plan may be full of: attributes a span, and how many values each takes. */
const SHAPES: Readonly<Record<string, { readonly attributes: number; readonly values: number }>> = {
  ordinary: { attributes: 12, values: 1_000 },
  /** The most spans, and each a trace of its own. */
  tiny: { attributes: 0, values: 0 },
  /** The most terms. */
  distinct: { attributes: 100, values: Number.POSITIVE_INFINITY },
};

const shape = SHAPES[process.argv[2] ?? ""];
if (shape === undefined) throw new Error(`expected one of ${Object.keys(SHAPES).join(", ")}, got ${process.argv[2]}`);
const { attributes, values } = shape;

const now = Date.now();
let given = 0;

function aSpan() {
  const start = `${now}000000`;
  const attributeOf = (_: unknown, i: number) => ({
    key: `attribute.number.${i}`,
    value: { stringValue: String(given++ % values) },
  });
  const times = { startTimeUnixNano: start, endTimeUnixNano: start };
  const ids = { traceId: randomBytes(16), spanId: randomBytes(8) };
  return { ...ids, ...times, name: "n", attributes: Array.from({ length: attributes }, attributeOf) };
}

const encode = (spans: readonly object[]): Uint8Array =>
  TracesData.encode(TracesData.fromObject({ resourceSpans: [{ scopeSpans: [{ spans }] }] })).finish();

function aRecord(number: number, spans: number): StreamRecord {
  if (number % 8 === 0) globalThis.gc?.();
  const traces = encode(Array.from({ length: spans }, aSpan));
  const data = encodeRecord({ tenant: "default", receivedNanos: BigInt(now) * 1_000_000n, traces });
  return { sequenceNumber: String(number), data, arrivedMillis: now };
}

/** Takes everything and forgets it. */
const nowhere: Items = {
  get: async () => ({ items: [], left: [] }),
  query: async () => ({ items: [], next: undefined }),
  put: async () => [],
};

const spansPerRecord = Math.floor((RECORD_BYTES / encode(Array.from({ length: 100 }, aSpan)).length) * 100);
const records = Array.from({ length: RECORDS }, (_, i) => aRecord(i + 1, spansPerRecord));
const batches = itemBatches({ items: nowhere, clock: Date.now, random: Math.random, sleep: async () => {} });
const indexer = indexRecords(traceWriter({ batches, retentionHours: 168 }), "stream/1");
const plan = { first: "1", last: String(RECORDS), at: now, closed: -1, tries: 1, suspect: undefined, excluded: [] };

// What made the records is not the indexer's.
globalThis.gc?.();
const before = process.cpuUsage();
await indexer.index(plan, "shardId-000000000000", records);
const { user, system } = process.cpuUsage(before);
const figures = {
  spans: RECORDS * spansPerRecord,
  cpuSeconds: (user + system) / 1e6,
  /** The whole process at its highest, the records included. */
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(figures));
