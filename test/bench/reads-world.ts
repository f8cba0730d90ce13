import { itemBatches } from "../../lib/store/batches.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import { type MemoryItems, memoryItems } from "../support/memory-items.ts";
import { mergeHour } from "../support/merged-hours.ts";
import { collectorRequests, TRAFFIC_START_MILLIS } from "./requests.ts";

export const HOUR_MILLIS = 3_600_000;
export const TENANT = "default";

/** A week of closed hours, every one of them merged, and an hour under way that is merged up to a few minutes ago. */
interface Week {
  readonly table: MemoryItems;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The first trace of the fifth hour before this one. */
  readonly known: string;
}

interface Size {
  readonly closedHours: number;
  readonly closedPlans: number;
  readonly closedPlanSpans: number;
  readonly openPlans: number;
  readonly openPlanSpans: number;
  /** Plans of the open hour that are not merged yet. */
  readonly unmerged: number;
}

export async function week(size: Size): Promise<Week> {
  const table = memoryItems();
  const batches = itemBatches({ items: table, clock: () => 0, sleep: async () => {}, random: () => 0.5 });
  const writer = traceWriter({ batches, retentionHours: 168 });
  const hour = TRAFFIC_START_MILLIS / HOUR_MILLIS;
  let known = "";
  let written = 0;
  async function fill(hour: number, plans: number, spans: number): Promise<void> {
    for (let n = 0; n < plans; n++) {
      const at = hour * HOUR_MILLIS + Math.floor(((n + 1) / (plans + 1)) * (HOUR_MILLIS - 60_000));
      const sent = collectorRequests(spans, { seed: ++written, spansPerTrace: 9.5 }, at);
      if (known === "" && hour === TRAFFIC_START_MILLIS / HOUR_MILLIS - 5) known = firstTrace(sent[0]?.bytes);
      const plan = {
        stream: "s/1",
        shardId: `shard-${n % 2}`,
        closed: -1,
        at,
        first: `${written}00`,
        last: `${written}99`,
      };
      await writer.write(
        plan,
        sent.map(({ bytes }) => ({ tenant: TENANT, receivedNanos: BigInt(at) * 1_000_000n, traces: bytes })),
      );
    }
  }
  for (let back = size.closedHours; back > 0; back--) {
    await fill(hour - back, size.closedPlans, size.closedPlanSpans);
    await mergeHour(table, {
      tenant: TENANT,
      hour: hour - back,
      isClosed: true,
      mark: Number.MAX_SAFE_INTEGER,
      markLate: 0,
      most: 8192,
    });
  }
  await fill(hour, size.openPlans, size.openPlanSpans);
  const mark =
    hour * HOUR_MILLIS +
    Math.floor(((size.openPlans - size.unmerged + 1) / (size.openPlans + 1)) * (HOUR_MILLIS - 60_000));
  await mergeHour(table, { tenant: TENANT, hour, isClosed: false, mark, markLate: 0, most: 8192 });
  return { table, now: (hour + 1) * HOUR_MILLIS - 30_000, known };
}

function firstTrace(request: Uint8Array = new Uint8Array()): string {
  const { resourceSpans } = opentelemetry.proto.trace.v1.TracesData.decode(request);
  return Buffer.from(resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0]?.traceId ?? []).toString("hex");
}
