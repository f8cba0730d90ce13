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
  /** From the end of a minute until what its plans count is written, milliseconds. */
  readonly countedMillis: number;
}

/** How the watched services did in one minute. */
interface WatchedMinute {
  /** When the minute began, milliseconds since the epoch. */
  readonly startMillis: number;
  readonly samples: readonly ServiceSample[];
}

/** Looks at the last minute that is counted, and before it at those that passed since the last look, oldest first. */
export type WatchServices = (watched: readonly Watched[]) => AsyncIterable<WatchedMinute>;

type ServiceMetric = "skua_service_calls" | "skua_service_error_rate" | "skua_service_p95";
type ServiceSample = Sample & { readonly metric: ServiceMetric };

/**
 * From the making of a plan until its counts are written, though its first try fails: the next takes it up.
 *
 * @param windowMillis the indexer waits so long for company before the next try
 */
export const countedAfter = (windowMillis: number): number => 30_000 + 2 * windowMillis;

/** Alarms look at three minutes: what lies further back changes nothing any more. */
const MOST_MINUTES = 5;

/** A process that begins does not know what the one before it has told: a minute twice is better than one never. */
const FIRST_MINUTES = 2;

export function watchServices({ batches, clock, countedMillis }: WatchServicesOptions): WatchServices {
  let told: number | undefined;
  return async function* (watched) {
    const last = Math.floor((clock() - countedMillis) / MINUTE_MILLIS) - 1;
    // A clock that was set back begins anew.
    const next =
      told === undefined || told > last ? last - FIRST_MINUTES + 1 : Math.max(told + 1, last - MOST_MINUTES + 1);
    for (let minute = next; minute <= last; minute++) {
      const samples = await lookAt(batches, watched, minute);
      yield { startMillis: minute * MINUTE_MILLIS, samples };
      told = minute;
    }
  };
}

async function lookAt(batches: Batches, watched: readonly Watched[], minute: number): Promise<ServiceSample[]> {
  const tenants = Map.groupBy(watched, ({ tenant }) => tenant);
  const samples = await Promise.all(
    [...tenants].map(async ([tenant, own]) => {
      const names = new Set(own.map(({ service }) => service));
      const counted = await readServiceMinute(batches, tenant, minute, names);
      return own.flatMap((one) => samplesOf(one, counted.get(one.service)));
    }),
  );
  return samples.flat();
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
