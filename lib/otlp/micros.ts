import { NANOS_PER_MICRO } from "../model/time.ts";

const MAX_FIXED64 = 2n ** 64n - 1n;

/**
 * Microseconds, as Jaeger and Zipkin count, as OTLP's nanoseconds. Times that OTLP cannot hold end at its bounds: they cost
 * their own span (it is refused as too early or too late), where wrapping around would invent a time.
 */
export function microsToNanos(micros: bigint): bigint {
  return clampNanos(micros * NANOS_PER_MICRO);
}

export const clampNanos = (nanos: bigint): bigint => (nanos < 0n ? 0n : nanos > MAX_FIXED64 ? MAX_FIXED64 : nanos);
