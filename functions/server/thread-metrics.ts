import { parentPort } from "node:worker_threads";
import type { Measured, Meter, Sample } from "../../lib/runtime/metrics.ts";

/** What a thread says of its work to whoever started it. */
export interface MeasuredNews {
  /** Since the last time. */
  readonly measured: readonly Sample[];
  /** How long its oldest record has waited, milliseconds. */
  readonly ageMillis: number;
}

/** Prometheus asks every 15 seconds or seldom more often. */
const TELL_MILLIS = 1_000;

/** In the thread: says once a second what was measured. */
export function tellMeasured(meter: Pick<Meter<Measured>, "take">, age: () => number): { stop(): void } {
  const tell = (): void => parentPort?.postMessage({ measured: meter.take(), ageMillis: age() } satisfies MeasuredNews);
  const timer = setInterval(tell, TELL_MILLIS);
  return {
    stop() {
      clearInterval(timer);
      tell();
    },
  };
}
