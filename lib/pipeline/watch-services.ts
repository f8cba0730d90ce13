import type { Clock } from "../model/time.ts";
import type { Alert } from "../runtime/alerts.ts";
import type { Sample } from "../runtime/metrics.ts";
import type { Batches } from "../store/batches.ts";
import { MINUTE_MILLIS, readServiceMinute, type ServiceMinute } from "../store/counts/read-services.ts";
import { quantileNanos } from "../store/counts/sketch.ts";

/** Whose calls are watched; a minute with fewer than `minCalls` has neither error rate nor percentile. */
type Watched = Pick<Alert, "tenant" | "service" | "minCalls">;

export interface WatchServicesOptions {
  readonly batches: Batches;
  readonly clock: Clock;
  /** From the end of a minute until its spans are counted, milliseconds. */
  readonly countedMillis: number;
}

/** How the watched services did in the last minute that is counted. */
export type WatchServices = (watched: readonly Watched[]) => Promise<readonly ServiceSample[]>;

type ServiceMetric = "skua_service_calls" | "skua_service_error_rate" | "skua_service_p95";
type ServiceSample = Sample & { readonly metric: ServiceMetric };

/**
 * From a span's end until it is counted: an SDK's batch (5 s is usual) and an agent's, and then as long as the indexer waits.
 *
 * @param windowMillis the indexer waits so long for company
 */
export const countedAfter = (windowMillis: number): number => 30_000 + 2 * windowMillis;

export function watchServices({ batches, clock, countedMillis }: WatchServicesOptions): WatchServices {
  return async (watched) => {
    const minute = Math.floor((clock() - countedMillis) / MINUTE_MILLIS) - 1;
    const tenants = Map.groupBy(watched, ({ tenant }) => tenant);
    const samples = await Promise.all(
      [...tenants].map(async ([tenant, own]) => {
        const names = new Set(own.map(({ service }) => service));
        const counted = await readServiceMinute(batches, tenant, minute, names);
        return own.flatMap((one) => samplesOf(one, counted.get(one.service)));
      }),
    );
    return samples.flat();
  };
}

const NONE: ServiceMinute = { calls: 0, errors: 0, durations: new Map() };

function samplesOf({ tenant, service, minCalls }: Watched, counted = NONE): ServiceSample[] {
  const { calls, errors, durations } = counted;
  const isEnough = calls >= minCalls;
  const labels = { tenant, service };
  const p95Nanos = isEnough ? quantileNanos(durations, 0.95) : undefined;
  return [
    { metric: "skua_service_calls", labels, values: [calls] },
    { metric: "skua_service_error_rate", labels, values: [isEnough ? errors / calls : Number.NaN] },
    { metric: "skua_service_p95", labels, values: [p95Nanos === undefined ? Number.NaN : p95Nanos / 1_000_000] },
  ];
}
