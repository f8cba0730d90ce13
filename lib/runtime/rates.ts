import { TracingError } from "../model/errors.ts";

/** What one tenant may send: through one process, on average, and in one message (without a figure, what everyone may). */
export interface Rate {
  readonly spansPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly maxRequestBytes?: number | undefined;
  readonly maxAttributes?: number | undefined;
  readonly maxValueBytes?: number | undefined;
}

/** Counts a request; throws throttled, with when to come back, when its tenant has used up what is his. */
export type TakeRate = (tenant: string, spans: number, bytes: number) => void;

/** An agent that was cut off sends what it has gathered: so many seconds' worth may come at once. */
const BURST_SECONDS = 10;

interface Bucket {
  spans: number;
  bytes: number;
  /** Milliseconds since the epoch. */
  filledAt: number;
}

/**
 * Token buckets, one a tenant (RFC 2697 has the idea). Whoever has anything left may send, however much it is: the next
 * request waits until that is paid back. So no request is too large to ever pass, and the average holds.
 * @param rateOf undefined for a tenant without limits; @param clock milliseconds since the epoch
 */
export function tenantRates(rateOf: (tenant: string) => Rate | undefined, clock: () => number): TakeRate {
  const buckets = new Map<string, Bucket>();
  return (tenant, spans, bytes) => {
    const rate = rateOf(tenant);
    if (rate === undefined) return;
    const { spansPerSecond = Number.POSITIVE_INFINITY, bytesPerSecond = Number.POSITIVE_INFINITY } = rate;
    const now = clock();
    const bucket = buckets.get(tenant) ?? { spans: full(spansPerSecond), bytes: full(bytesPerSecond), filledAt: now };
    buckets.set(tenant, bucket);
    // A clock that is set back takes nothing away.
    const seconds = Math.max(0, now - bucket.filledAt) / 1000;
    bucket.filledAt = now;
    bucket.spans = Math.min(full(spansPerSecond), bucket.spans + seconds * spansPerSecond);
    bucket.bytes = Math.min(full(bytesPerSecond), bucket.bytes + seconds * bytesPerSecond);
    if (bucket.spans <= 0) throw exceeded(tenant, spansPerSecond, "spans", -bucket.spans);
    if (bucket.bytes <= 0) throw exceeded(tenant, bytesPerSecond, "bytes", -bucket.bytes);
    bucket.spans -= spans;
    bucket.bytes -= bytes;
  };
}

const full = (perSecond: number): number => perSecond * BURST_SECONDS;

function exceeded(tenant: string, perSecond: number, what: string, owed: number): TracingError {
  const message = `tenant ${tenant} has sent more than its ${perSecond} ${what} a second`;
  return new TracingError("throttled", message, { retryAfterSeconds: Math.max(1, Math.ceil(owed / perSecond)) });
}
