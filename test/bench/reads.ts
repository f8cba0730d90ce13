// Round trips to the table, one after the other, and bytes read, cold, for each kind of question: a day of quiet hours
// and a busy one of 300,000 spans. Hours are read as they were written; nothing is merged.
import { parseTraceId } from "../../lib/model/ids.ts";
import type { TraceQuery } from "../../lib/model/trace-query.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { memoryItems } from "../support/memory-items.ts";
import { report } from "./measure.ts";
import { collectorRequests, spansOf, TRAFFIC_START_MILLIS } from "./requests.ts";

const HOUR_MILLIS = 3_600_000;
const HOURS = 24;
const QUIET_SPANS = 2_000;
const BUSY_SPANS = 300_000;
/** Five seconds of the busy hour in a plan would be 7,000; a minute is what an indexer that runs behind makes of it. */
const PLAN_SPANS = 16_384;
const NOW = TRAFFIC_START_MILLIS + 30 * 60_000;

const table = memoryItems();
const options = { items: table, clock: () => NOW, sleep: async () => {}, random: () => 0.5 };
const writer = traceWriter({ batches: itemBatches(options), retentionHours: 168 });
let plans = 0;
for (let hour = HOURS - 1; hour >= 0; hour--) {
  const start = TRAFFIC_START_MILLIS - hour * HOUR_MILLIS;
  const sent = collectorRequests(hour === 0 ? BUSY_SPANS : QUIET_SPANS, { seed: 20 + hour, spansPerTrace: 9.5 }, start);
  for (let i = 0; i < sent.length; i += PLAN_SPANS / 8192) {
    const part = sent.slice(i, i + PLAN_SPANS / 8192);
    const at = start + 60_000 + plans++;
    const plan = { ...{ stream: "s", shardId: "shard", closed: -1, at }, first: `${plans}00`, last: `${plans}99` };
    const received = BigInt(at) * 1_000_000n;
    await writer.write(
      plan,
      part.map(({ bytes }) => ({ tenant: "default", receivedNanos: received, traces: bytes })),
    );
  }
}
const some = collectorRequests(QUIET_SPANS, { seed: 25, spansPerTrace: 9.5 }, TRAFFIC_START_MILLIS - 5 * HOUR_MILLIS);
const spans = opentelemetry.proto.trace.v1.TracesData.decode(some[0]?.bytes ?? new Uint8Array());
const known = Buffer.from(spans.resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0]?.traceId ?? []).toString("hex");

const base: TraceQuery = {
  ...{ service: undefined, operation: undefined, tags: [], durationMinNanos: undefined, durationMaxNanos: undefined },
  startMinNanos: BigInt(NOW - HOUR_MILLIS) * 1_000_000n,
  startMaxNanos: BigInt(NOW) * 1_000_000n,
  limit: 20,
};
const week = BigInt(NOW - 168 * HOUR_MILLIS) * 1_000_000n;
const questions: Readonly<Record<string, TraceQuery | string>> = {
  traceById: known,
  absentId: "0123456789abcdef0123456789abcdef",
  lastHour: { ...base, service: "checkout" },
  lastHourOperation: { ...base, service: "checkout", operation: "GET" },
  lastHourTag: { ...base, service: "checkout", tags: [{ key: "http.response.status_code", value: "503" }] },
  lastHourSlow: { ...base, service: "checkout", durationMinNanos: 300_000_000n },
  rareTagWeek: { ...base, startMinNanos: week, tags: [{ key: "app.user.id", value: "user-4711" }] },
};
const figures: Record<string, number> = { spans: spansOf(some) };
for (const [name, question] of Object.entries(questions)) {
  let cost = { roundTrips: 0, gets: 0, bytes: 0 };
  const reader = traceReader({
    ...{ batches: itemBatches(options), clock: () => NOW, retentionHours: 168 },
    onRead: (_, spent) => {
      cost = spent;
    },
  });
  let traces = 0;
  if (typeof question === "string")
    traces = (await reader.trace("default", parseTraceId(question))) === undefined ? 0 : 1;
  else for await (const _ of reader.find("default", question).traces) traces++;
  Object.assign(figures, {
    [`${name}.traces`]: traces,
    [`${name}.roundTrips`]: cost.roundTrips,
    [`${name}.gets`]: cost.gets,
    [`${name}.kilobytes`]: cost.bytes / 1000,
  });
}
report(figures);
