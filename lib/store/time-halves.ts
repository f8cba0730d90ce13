import { NANOS_PER_HOUR } from "../model/time.ts";

const UINT32 = 2 ** 32;

/** 64-bit numbers as pairs of 32-bit ones, the lower first (every machine we run on is little-endian): reading a bigint takes ten times as long. */
export const halvesOf = (nanos: BigUint64Array): Uint32Array =>
  new Uint32Array(nanos.buffer, nanos.byteOffset, nanos.length * 2);

/** Nanoseconds of a time, as halves, from an hour's begin: exact for times of that hour, of all others beyond its bounds. */
export function hourClock(hour: number): (low: number, high: number) => number {
  const begin = BigInt(hour) * NANOS_PER_HOUR;
  const beginLow = Number(begin % BigInt(UINT32));
  const beginHigh = Number(begin / BigInt(UINT32));
  return (low, high) => (high - beginHigh) * UINT32 + (low - beginLow);
}
