import { invalid } from "../model/errors.ts";
import { SECONDS_PER_HOUR } from "../model/time.ts";
import type { ItemQuery, Key } from "./items.ts";
import {
  AT_BYTES,
  boundedBytes,
  END,
  exactly,
  HOUR_BYTES,
  number32,
  number64,
  pk,
  SEGMENT_BYTES,
} from "./key-bytes.ts";
import type { SegmentId } from "./segment/types.ts";

/** What a query needs to name a run of sort keys. */
export type Range = Pick<ItemQuery, "pk"> & { readonly from: Uint8Array; readonly to: Uint8Array };

/** Where an hour's heads say that a segment is; `at` is when its plan was made, milliseconds since the epoch. */
export interface HeadKey {
  readonly at: number;
  readonly segment: SegmentId;
}

export const HOURS_PER_DAY = 24;
const MILLIS_PER_MINUTE = 60_000;

const HEAD_BYTES = AT_BYTES + SEGMENT_BYTES;

/** Kinds of items that share the partition of a tenant's day. */
const SUMMARY = 0;
const LATE_HEAD = 1;
const STARTED = 2;

/** DynamoDB wants a sort key of at least a byte; parts stand alone in their partition, so that one BatchGet reads many at once. */
const ALONE = Uint8Array.of(0);

/** The heads of segments, by the hour of their spans' starts, in the order in which their plans were made. */
export const headKey = (tenant: string, hour: number, at: number, segment: SegmentId): Key => ({
  pk: pk("S", tenant, hour),
  sk: headBytes(at, segment),
});

/** Heads of plans made between the two times, both inclusive; all of the hour's by default. */
export const headRange = (tenant: string, hour: number, fromAt = 0, toAt = Number.MAX_SAFE_INTEGER): Range => ({
  pk: pk("S", tenant, hour),
  from: number64(fromAt),
  to: Buffer.concat([number64(toAt), END]),
});

export const readHeadKey = (sk: Uint8Array): HeadKey => readHead(exactly(sk, HEAD_BYTES, "head"), 0);

/** Heads of segments whose hour was closed when their plan was made. */
export const lateHeadKey = (tenant: string, hour: number, at: number, segment: SegmentId): Key => ({
  pk: pk("H", tenant, dayOf(hour)),
  sk: Buffer.concat([lateHour(hour), headBytes(at, segment)]),
});

/** Late heads of an hour whose plans were made between the two times, both inclusive. */
export const lateHeadsOfHour = (tenant: string, hour: number, fromAt: number, toAt: number): Range => ({
  pk: pk("H", tenant, dayOf(hour)),
  from: Buffer.concat([lateHour(hour), number64(fromAt)]),
  to: Buffer.concat([lateHour(hour), number64(toAt), END]),
});

/** What of an hour is merged; stands beside the day's late heads. */
export const summaryKey = (tenant: string, hour: number): Key => ({
  pk: pk("H", tenant, dayOf(hour)),
  sk: Buffer.concat([Uint8Array.of(SUMMARY), number32(hour)]),
});

/** That an hour has heads, late ones apart. Without it nobody need look for any; stands beside the day's late heads. */
export const startedKey = (tenant: string, hour: number): Key => ({
  pk: pk("H", tenant, dayOf(hour)),
  sk: Buffer.concat([Uint8Array.of(STARTED), number32(hour)]),
});

/** All that stands beside the hours of a day, less the summaries of hours before that one. */
export const dayRange = (tenant: string, day: number, summariesFrom: number): Range => {
  const first = day * HOURS_PER_DAY;
  const last = first + HOURS_PER_DAY - 1;
  const { pk, sk } = summaryKey(tenant, Math.max(first, Math.min(summariesFrom, last)));
  return { pk, from: summariesFrom > last ? lateHour(first) : sk, to: startedKey(tenant, last).sk };
};

/** What says of these hours of one day, both inclusive, that they have heads. */
export const startedRange = (tenant: string, first: number, last: number): Range => ({
  ...{ pk: startedKey(tenant, first).pk, from: startedKey(tenant, first).sk, to: startedKey(tenant, last).sk },
});

type DayKey = "summary" | "late head" | "started";

const DAY_KINDS: Readonly<Record<number, DayKey>> = {
  [SUMMARY]: "summary",
  [LATE_HEAD]: "late head",
  [STARTED]: "started",
};

/** What a key of a day's partition is of. */
export const dayKeyKind = (sk: Uint8Array): DayKey | undefined => DAY_KINDS[sk[0] ?? -1];

export const readStartedKey = (sk: Uint8Array): number => exactly(sk, 1 + HOUR_BYTES, "started hour").readUInt32BE(1);

export function readLateHeadKey(sk: Uint8Array): HeadKey & { readonly hour: number } {
  const bytes = exactly(sk, 1 + HOUR_BYTES + HEAD_BYTES, "late head");
  return { hour: bytes.readUInt32BE(1), ...readHead(bytes, 1 + HOUR_BYTES) };
}

/** All parts of a small segment. */
export const bundleKey = (tenant: string, segment: SegmentId): Key => ({ pk: pk("D", tenant, segment), sk: ALONE });

export const pageKey = (tenant: string, segment: SegmentId, n: number): Key => partKey("P", tenant, segment, n);
export const termsKey = (tenant: string, segment: SegmentId, n: number): Key => partKey("I", tenant, segment, n);
export const rowsKey = (tenant: string, segment: SegmentId, n: number): Key => partKey("R", tenant, segment, n);

/** Parts of a merged segment: the table of its inputs, the terms, and apart from them the trace ids. */
export const mergedInputsKey = (tenant: string, merged: SegmentId, n: number): Key => partKey("N", tenant, merged, n);
export const mergedTermsKey = (tenant: string, merged: SegmentId, n: number): Key => partKey("J", tenant, merged, n);
export const mergedTracesKey = (tenant: string, merged: SegmentId, n: number): Key => partKey("T", tenant, merged, n);

const partKey = (kind: string, tenant: string, segment: SegmentId, n: number): Key => ({
  pk: pk(kind, tenant, segment, n),
  sk: ALONE,
});

/** What a plan counted in an hour, in as many bodies as it needs. */
export const countsKey = (tenant: string, hour: number, at: number, segment: SegmentId, n: number): Key => ({
  pk: pk("G", tenant, hour),
  sk: Buffer.concat([headBytes(at, segment), number32(n)]),
});

/** When its plan was made, milliseconds since the epoch. */
export const readCountsKey = (sk: Uint8Array): { readonly at: number } =>
  readHead(exactly(sk, HEAD_BYTES + HOUR_BYTES, "counts"), 0);

/** Counts of plans made between the two times, both inclusive. */
export const countsRange = (tenant: string, hour: number, fromAt = 0, toAt = Number.MAX_SAFE_INTEGER): Range => ({
  ...headRange(tenant, hour, fromAt, toAt),
  pk: pk("G", tenant, hour),
});

export const serviceKey = (tenant: string, service: string): Key => ({
  pk: servicesPartition(tenant),
  sk: boundedBytes(service),
});
export const servicesPartition = (tenant: string): string => pk("C", tenant);

/** `kind` is OTLP's number. */
export const operationKey = (tenant: string, service: string, operation: string, kind: number): Key => ({
  pk: operationsPartition(tenant, service),
  sk: Buffer.concat([boundedBytes(operation), Uint8Array.of(kind)]),
});
export const operationsPartition = (tenant: string, service: string): string => pk("O", tenant, service);

/** The attribute keys and values of a service. */
export const attributesKey = (tenant: string, service: string): Key => ({
  pk: attributesPartition(tenant),
  sk: boundedBytes(service),
});
export const attributesPartition = (tenant: string): string => pk("V", tenant);

/** `stream` is its name and creation time. */
export const readerKey = (stream: string, shardId: string): Key => ({
  pk: readersPartition(stream),
  sk: boundedBytes(shardId),
});
/** How far every shard of a stream is read. */
export const readersPartition = (stream: string): string => pk("K", stream);

/** That there is something to read of that stream; its body is the stream, since the key may hold a digest of it. */
export const streamKey = (stream: string): Key => ({ pk: STREAMS_PARTITION, sk: boundedBytes(stream) });
/** All streams whose spans stand in the table. */
export const STREAMS_PARTITION = "K";

/** That a plan made in this minute (since the epoch) has heads of that tenant and hour. */
export const workKey = (minute: number, tenant: string, hour: number): Key => ({
  pk: workPartition(minute),
  sk: Buffer.concat([boundedBytes(tenant), number32(hour)]),
});

/** What has heads by plans made in that minute. */
export const workPartition = (minute: number): string => pk("W", minute);

/** The hour alone: the tenant is the body. */
export const readWorkKey = (sk: Uint8Array): { readonly hour: number } => ({
  hour: Buffer.from(sk).readUInt32BE(sk.length - HOUR_BYTES),
});

/** How far rollup is, and what it has raised. */
export const ROLLUP_KEY: Key = { pk: "U", sk: ALONE };

/** How far rollup is with one tenant's hour. */
export const rollupHourKey = (tenant: string, hour: number): Key => ({
  pk: "U#hours",
  sk: Buffer.concat([number32(hour), boundedBytes(tenant)]),
});

/** That counts of `late` came while `hour` was under way: once that closes, they are rolled again. No name holds the byte between. */
export const lateCountsKey = (tenant: string, hour: number, late: number): Key => ({
  pk: "U#hours",
  sk: Buffer.concat([number32(hour), Uint8Array.of(0xff), number32(late), boundedBytes(tenant)]),
});

/** The tenant is in the body. */
export const readRollupHourKey = (sk: Uint8Array): { readonly hour: number } => ({
  hour: Buffer.from(sk).readUInt32BE(0),
});

/** Of every tenant, from an hour on. */
export const rollupHoursFrom = (hour: number): Pick<ItemQuery, "pk"> & { readonly from: Uint8Array } => ({
  pk: "U#hours",
  from: number32(hour),
});

/** When all that stands in an hour expires, whenever it was written: its end and the retention; Unix epoch seconds. */
export const hourTtl = (hour: number, retentionHours: number): number => (hour + 1 + retentionHours) * SECONDS_PER_HOUR;

/** The hours after the one under way that spans may start in, because clocks differ. Ingest allows senders' clocks less. */
export const HOURS_AHEAD = 2;

/**
 * When a name expires that a plan brought; Unix epoch seconds. Names are refreshed hourly: a plan of the hour after `at`
 * may bring a span that starts in the last hour allowed, and no name may vanish before the hour of its last span does.
 */
export const nameTtl = (at: number, retentionHours: number): number =>
  Math.ceil(at / 1000) + (1 + HOURS_AHEAD + 1 + retentionHours) * SECONDS_PER_HOUR;

export const dayOf = (hour: number): number => Math.floor(hour / HOURS_PER_DAY);

export const minuteOf = (millis: number): number => Math.floor(millis / MILLIS_PER_MINUTE);

/** One text a key, for maps; both parts may hold any character, so the length of one says where the other begins. */
export const keyText = ({ pk, sk }: Key): string => `${sk.length} ${Buffer.from(sk).toString("latin1")}${pk}`;

const headBytes = (at: number, segment: SegmentId): Buffer => Buffer.concat([number64(at), segmentBytes(segment)]);

const readHead = (bytes: Buffer, offset: number): HeadKey => ({
  at: Number(bytes.readBigUInt64BE(offset)),
  segment: bytes.toString("hex", offset + AT_BYTES, offset + HEAD_BYTES),
});

function segmentBytes(segment: SegmentId): Buffer {
  if (!/^[0-9a-f]{32}$/.test(segment)) throw invalid(`segment id ${segment}: expected 32 hex digits`);
  return Buffer.from(segment, "hex");
}

const lateHour = (hour: number): Buffer => Buffer.concat([Uint8Array.of(LATE_HEAD), number32(hour)]);
