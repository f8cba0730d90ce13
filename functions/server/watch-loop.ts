import { countedAfter, watchServices } from "../../lib/pipeline/watch-services.ts";
import type { Alert } from "../../lib/runtime/alerts.ts";
import type { Log } from "../../lib/runtime/log.ts";
import type { Sample } from "../../lib/runtime/metrics.ts";
import type { Exposition } from "../../lib/runtime/prometheus.ts";
import type { Batches } from "../../lib/store/batches.ts";
import { type Regular, regularly } from "./regularly.ts";

export interface WatchLoopParts {
  readonly batches: Batches;
  readonly alerts: () => readonly Alert[];
  readonly metrics: Exposition;
  readonly log: Log;
}

/** A minute is looked at soon after it is counted, and once more often than Prometheus asks. */
const LOOK_MILLIS = 10_000;

/** Spans are indexed as they come. */
const WINDOW_MILLIS = 0;

/** Shows how the services did that have an alert, and from which values on that is too bad. */
export function keepWatching({ batches, alerts, metrics, log }: WatchLoopParts): Regular {
  const watch = watchServices({ batches, clock: Date.now, countedMillis: countedAfter(WINDOW_MILLIS) });
  let seen: readonly Sample[] = [];
  metrics.show("rollup", () => {
    const now = alerts();
    // The file may say something else since the last minute was looked at.
    const isWatched = ({ labels }: Sample): boolean =>
      now.some(({ tenant, service }) => tenant === labels?.tenant && service === labels?.service);
    return [...seen.filter(isWatched), ...now.flatMap(thresholds)];
  });
  return regularly(
    async () => {
      for await (const { samples } of watch(alerts())) seen = samples;
    },
    LOOK_MILLIS,
    (error) => {
      // What is not known must not look like what was.
      seen = [];
      log.warn("services could not be watched; will try again", { error });
    },
  );
}

function thresholds({ tenant, service, errorRate, p95Ms }: Alert): Sample[] {
  const labels = { tenant, service };
  return [
    ...(errorRate === undefined ? [] : [{ metric: "skua_alert_error_rate", labels, values: [errorRate] } as const]),
    ...(p95Ms === undefined ? [] : [{ metric: "skua_alert_p95", labels, values: [p95Ms] } as const]),
  ];
}
