import type { Clock } from "../model/time.ts";
import type { Measure } from "../runtime/metrics.ts";
import type { App } from "./lambda.ts";

export interface MeasuredAppParts {
  readonly app: App;
  readonly measure: Measure<"skua_refused_requests">;
  /** Told how long it took, milliseconds, once the answer has been sent to its end; without it nobody waits for that. */
  readonly onEnd?: (millis: number) => void;
  readonly clock: Clock;
}

/** The app, with its errors counted by status and its answers timed. gRPC-web's errors stand in trailers: its door tells of them itself. */
export const measuredApp = ({ app, measure, onEnd, clock }: MeasuredAppParts): App => ({
  async fetch(request) {
    const begun = clock();
    const response = await app.fetch(request);
    if (response.status >= 400) measure("skua_refused_requests", 1, { reason: String(response.status) });
    if (onEnd === undefined) return response;
    const end = (): void => onEnd(clock() - begun);
    if (response.body === null) {
      end();
      return response;
    }
    return new Response(response.body.pipeThrough(new TransformStream({ flush: end })), response);
  },
});
