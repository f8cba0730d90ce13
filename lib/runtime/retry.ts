import { TracingError } from "../model/errors.ts";

/** Waits so many milliseconds; handed in, so that tests own time. Ends early, without a fault, when `signal` aborts. */
export type Sleep = (millis: number, signal?: AbortSignal) => Promise<void>;

export interface Backoff {
  /** The longest first wait, milliseconds. */
  readonly baseMillis: number;
  /** No wait is longer. */
  readonly maxMillis: number;
}

/**
 * How long to wait before the next attempt, milliseconds: anything up to a ceiling that doubles. The whole span is
 * random, because callers that were refused together would otherwise come back together.
 *
 * @param attempt 0 after the first failure
 */
export function backoffMillis(attempt: number, random: () => number, { baseMillis, maxMillis }: Backoff): number {
  return random() * Math.min(maxMillis, baseMillis * 2 ** attempt);
}

/** Whether trying again may help: the other side was busy or away. */
export const isTransient = (error: unknown): boolean =>
  error instanceof TracingError && (error.code === "throttled" || error.code === "unavailable");
