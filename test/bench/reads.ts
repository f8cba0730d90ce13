// Round trips to the table, one after the other, and bytes read, cold, for each kind of question: 168 closed hours, merged,
// and one under way of a million spans in 720 plans, of which the last 60 are not merged.
import { parseTraceId } from "../../lib/model/ids.ts";
import type { TraceQuery } from "../../lib/model/trace-query.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { report } from "./measure.ts";
import { HOUR_MILLIS, TENANT, week } from "./reads-world.ts";

const [hours = "168", plans = "720", spans = "1400"] = process.argv.slice(2);
const size = { closedPlans: 8, closedPlanSpans: 1000, openPlanSpans: Number(spans), unmerged: 60 };
const { table, now, known } = await week({ ...size, closedHours: Number(hours), openPlans: Number(plans) });

const base: TraceQuery = {
  ...{ service: undefined, operation: undefined, tags: [], durationMinNanos: undefined, durationMaxNanos: undefined },
  startMinNanos: BigInt(now - HOUR_MILLIS) * 1_000_000n,
  startMaxNanos: BigInt(now) * 1_000_000n,
  limit: 20,
};
const startMinNanos = BigInt(now - 168 * HOUR_MILLIS) * 1_000_000n;
const questions: Readonly<Record<string, TraceQuery | string>> = {
  traceById: known,
  absentId: "0123456789abcdef0123456789abcdef",
  lastHour: { ...base, service: "checkout" },
  lastHourOperation: { ...base, service: "checkout", operation: "GET" },
  lastHourTag: { ...base, service: "checkout", tags: [{ key: "http.response.status_code", value: "503" }] },
  lastHourSlow: { ...base, service: "checkout", durationMinNanos: 300_000_000n },
  serviceWeek: { ...base, startMinNanos, service: "checkout" },
  rareTagWeek: { ...base, startMinNanos, tags: [{ key: "app.user.id", value: "user-4711" }] },
};
const figures: Record<string, number> = {};
for (const [name, question] of Object.entries(questions)) {
  let cost = { roundTrips: 0, gets: 0, bytes: 0 };
  const batches = itemBatches({ items: table, clock: () => now, sleep: async () => {}, random: () => 0.5 });
  const reader = traceReader({
    ...{ batches, clock: () => now, retentionHours: 168 },
    onRead: (_, spent) => {
      cost = spent;
    },
  });
  let traces = 0;
  if (typeof question === "string") traces = (await reader.trace(TENANT, parseTraceId(question))) === undefined ? 0 : 1;
  else for await (const _ of reader.find(TENANT, question).traces) traces++;
  Object.assign(figures, {
    [`${name}.traces`]: traces,
    [`${name}.roundTrips`]: cost.roundTrips,
    [`${name}.gets`]: cost.gets,
    [`${name}.kilobytes`]: cost.bytes / 1000,
  });
}
report(figures);
