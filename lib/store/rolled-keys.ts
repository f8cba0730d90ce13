import type { Key } from "./items.ts";
import { AT_BYTES, boundedBytes, END, exactly, HOUR_BYTES, number32, number64, pk } from "./key-bytes.ts";
import { dayOf, HOURS_PER_DAY, type Range } from "./keys.ts";

/** Kinds of items that share the partition of what a tenant's day was rolled into. */
const ROLLED_EDGES = 1;
const ROLLED_MINUTES = 2;
const LARGE_HOUR = 3;

/** What an hour's plans made before `mark` (milliseconds since the epoch) come to: calls between services, n = 0 written last. */
export const rolledEdgesKey = (tenant: string, hour: number, mark: number, n: number): Key => ({
  pk: pk("M", tenant, dayOf(hour)),
  sk: Buffer.concat([Uint8Array.of(ROLLED_EDGES), number32(hour), number64(mark), number32(n)]),
});

/** Of a day, the hours between the two, both inclusive; hours outside the day are no fault. */
export const rolledEdgesRange = (tenant: string, day: number, fromHour: number, toHour: number): Range => {
  const hourBytes = (hour: number) => Buffer.concat([Uint8Array.of(ROLLED_EDGES), number32(hour)]);
  return {
    pk: pk("M", tenant, day),
    from: hourBytes(Math.max(fromHour, day * HOURS_PER_DAY)),
    to: Buffer.concat([hourBytes(Math.min(toHour, day * HOURS_PER_DAY + HOURS_PER_DAY - 1)), END]),
  };
};

/** Of an item of a rolled hour's calls, and of a large hour; those of minutes have keys of their own shape. */
export function readRolledKey(sk: Uint8Array): {
  readonly hour: number;
  readonly mark: number;
  readonly n: number;
} {
  const bytes = exactly(sk, 1 + HOUR_BYTES + AT_BYTES + HOUR_BYTES, "rolled hour");
  return {
    hour: bytes.readUInt32BE(1),
    mark: Number(bytes.readBigUInt64BE(1 + HOUR_BYTES)),
    n: bytes.readUInt32BE(1 + HOUR_BYTES + AT_BYTES),
  };
}

/** The same of an hour of too many spans to be joined by whoever asks, open or not; n = 0 written last. */
export const largeHourKey = (tenant: string, hour: number, mark: number, n: number): Key => ({
  pk: pk("M", tenant, dayOf(hour)),
  sk: Buffer.concat([largeHourBytes(hour), number64(mark), number32(n)]),
});

/** Of every mark. */
export const largeHourRange = (tenant: string, hour: number): Range => ({
  pk: pk("M", tenant, dayOf(hour)),
  from: largeHourBytes(hour),
  to: largeHourBytes(hour + 1),
});

/** Of every hour of a day. */
export const largeHoursOfDay = (tenant: string, day: number): Range => ({
  pk: pk("M", tenant, day),
  from: Uint8Array.of(LARGE_HOUR),
  to: Uint8Array.of(LARGE_HOUR + 1),
});

const largeHourBytes = (hour: number): Buffer => Buffer.concat([Uint8Array.of(LARGE_HOUR), number32(hour)]);

/** The same plans' calls, errors and durations of one service's operations, by minute. */
export const rolledMinutesKey = (tenant: string, hour: number, mark: number, service: string, n: number): Key => ({
  pk: pk("M", tenant, dayOf(hour)),
  sk: Buffer.concat([rolledMinutesBytes(hour, mark), boundedBytes(service), number32(n)]),
});

/** Of all services. */
export const rolledMinutesRange = (tenant: string, hour: number, mark: number): Range => ({
  pk: pk("M", tenant, dayOf(hour)),
  from: rolledMinutesBytes(hour, mark),
  to: rolledMinutesBytes(hour, mark + 1),
});

const rolledMinutesBytes = (hour: number, mark: number): Buffer =>
  Buffer.concat([Uint8Array.of(ROLLED_MINUTES), number32(hour), number64(mark)]);
