import { attributeReader } from "../../lib/store/attributes/read.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import type { Items } from "../../lib/store/items.ts";
import { nameReader } from "../../lib/store/names.ts";
import type { TraceStore, WritePlan } from "../../lib/store/port.ts";
import { type TraceReaderOptions, traceReader } from "../../lib/store/reader.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { Random } from "../data/random.ts";
import { encodeSpans, type PlainBatch, type PlainSpan } from "../data/search-traces.ts";

export const HOUR_MILLIS = 3_600_000;

/** Plans of one shard, each with the batches it is made of. */
export interface PlannedBatches {
  readonly plan: WritePlan;
  readonly batches: readonly PlainBatch[];
}

export interface Spread {
  readonly seed: number;
  readonly shards: number;
  readonly plansPerShard: number;
  /** Clock of the first plan; the others follow a second apart. */
  readonly at: number;
  /** Every third plan is made when the hours up to this one are closed. */
  readonly closed: number;
}

/**
 * Deals traces out to plans as a stream would: a trace has one shard, its spans arrive in up to three plans, some twice,
 * some ids again with other content. One plan takes half of all, others a handful, so that segments of every size exist.
 */
export function dealOut(traces: Iterable<readonly PlainSpan[]>, spread: Spread): PlannedBatches[] {
  const random = new Random(spread.seed);
  const dealt = Array.from({ length: spread.shards * spread.plansPerShard }, (): PlainSpan[] => []);
  for (const trace of traces) {
    const shard = random.chance(0.5) ? 0 : random.below(spread.shards);
    const first =
      shard === 0 && random.chance(0.8) ? 0 : random.below(spread.plansPerShard) ** 2 / spread.plansPerShard;
    const put = (span: PlainSpan): void => {
      const plan = Math.min(spread.plansPerShard - 1, Math.floor(first) + (random.chance(0.2) ? random.below(3) : 0));
      dealt[shard * spread.plansPerShard + plan]?.push(span);
    };
    for (const span of trace) {
      put(span);
      // One that states no start would begin a second time.
      if (span.start !== 0n && random.chance(0.03)) put(span);
      if (random.chance(0.01)) put({ ...span, name: `${span.name} again` });
    }
  }
  return dealt.flatMap((spans, i) => (spans.length === 0 ? [] : [planned(random, spread, spans, i)]));
}

function planned(random: Random, spread: Spread, spans: readonly PlainSpan[], i: number): PlannedBatches {
  const at = spread.at + i * 1000;
  const batches = Array.from({ length: Math.ceil(spans.length / 300) }, (_, n) => ({
    received: BigInt(at - 60_000 - random.below(HOUR_MILLIS)) * 1_000_000n,
    spans: spans.slice(n * 300, (n + 1) * 300),
  }));
  const plan: WritePlan = {
    stream: "spans/1",
    shardId: `shardId-${Math.floor(i / spread.plansPerShard)}`,
    first: `${i * 1000}`,
    last: `${i * 1000 + batches.length}`,
    at,
    closed: i % 3 === 0 ? spread.closed : -1,
  };
  return { plan, batches };
}

/** The whole store over any items, with a clock that stands still. */
export function openStore(items: Items, nowMillis: number, more: Partial<TraceReaderOptions> = {}): TraceStore {
  const clock = () => nowMillis;
  const random = new Random(1);
  const batches = itemBatches({ items, clock, sleep: async () => {}, random: () => random.fraction() });
  return {
    ...traceWriter({ batches, retentionHours: RETENTION_HOURS }),
    ...traceReader({ batches, clock, retentionHours: RETENTION_HOURS, ...more }),
    ...nameReader({ batches, clock }),
    ...attributeReader({ batches, clock }),
    ...dependencyReader({ batches, clock, random: () => random.fraction(), retentionHours: RETENTION_HOURS }),
  };
}

export const RETENTION_HOURS = 168;

export async function writeAll(store: TraceStore, tenant: string, all: readonly PlannedBatches[]): Promise<void> {
  for (const { plan, batches } of all)
    await store.write(
      plan,
      batches.map(({ received, spans }) => ({ tenant, receivedNanos: received, traces: encodeSpans(spans) })),
    );
}
