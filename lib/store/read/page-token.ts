import { createHash } from "node:crypto";
import { invalid } from "../../model/errors.ts";
import { TRACE_ID_BYTES } from "../../model/ids.ts";
import type { TraceQuery } from "../../model/trace-query.ts";

/** A place in the order of a result: later starts first, of equal ones the lower trace id. */
export interface Position {
  /** Of the newest span that matches, Unix epoch nanoseconds. */
  readonly start: bigint;
  /** 32 hex digits: a trace's id, or {@link BEFORE_ALL} or {@link AFTER_ALL} of that start. */
  readonly id: string;
}

/** Before, and after, every trace of the same start; ids of 0 do not exist, one of all ones is as good as none. */
export const BEFORE_ALL = "0".repeat(32);
export const AFTER_ALL = "f".repeat(32);

/** Where a page of a search begins. */
export interface PageStart {
  /** Traces are ordered by what plans brought that were made until then, milliseconds since the epoch: later ones move nothing. */
  readonly asOf: number;
  /** All that comes later in the order is still to be given out, and nothing else. */
  readonly after: Position;
}

/** Whether `a` comes before `b`. */
export const isBefore = (a: Position, b: Position): boolean =>
  a.start > b.start || (a.start === b.start && a.id < b.id);

const VERSION = 1;
const PLACE_BYTES = 1 + 8 + 8 + TRACE_ID_BYTES;
const DIGEST_BYTES = 16;

/** For the caller to hand in again with the same query, whatever its limit. */
export function encodePageToken(tenant: string, query: TraceQuery, { asOf, after }: PageStart): string {
  const place = Buffer.alloc(PLACE_BYTES);
  place.writeUInt8(VERSION);
  place.writeBigUInt64BE(BigInt(asOf), 1);
  place.writeBigUInt64BE(after.start, 9);
  place.write(after.id, 17, "hex");
  return Buffer.concat([place, digestOf(tenant, query, place)]).toString("base64url");
}

/** Throws invalid_argument for what {@link encodePageToken} did not make for this tenant and query. */
export function decodePageToken(tenant: string, query: TraceQuery, token: string): PageStart {
  const bytes = /^[A-Za-z0-9_-]{1,100}$/.test(token) ? Buffer.from(token, "base64url") : Buffer.alloc(0);
  if (bytes.length !== PLACE_BYTES + DIGEST_BYTES || bytes[0] !== VERSION || bytes.toString("base64url") !== token)
    throw invalid("page token: expected one that a search answered with");
  const place = bytes.subarray(0, PLACE_BYTES);
  if (!digestOf(tenant, query, place).equals(bytes.subarray(PLACE_BYTES)))
    throw invalid(
      "page token: expected with the very search that answered with it, the times of start and end included",
    );
  return {
    asOf: Number(place.readBigUInt64BE(1)),
    after: { start: place.readBigUInt64BE(9), id: place.toString("hex", 17) },
  };
}

/**
 * No secret is in it: whoever makes up a token sees what he may see anyhow, since whose traces are read is told by the
 * credential. It finds out tokens that go with other questions, or that were cut.
 */
function digestOf(tenant: string, query: TraceQuery, place: Uint8Array): Buffer {
  const tags = query.tags.map(({ key, value }) => [key, value]).sort((a, b) => (`${a}` < `${b}` ? -1 : 1));
  const times = [query.startMinNanos, query.startMaxNanos, query.durationMinNanos, query.durationMaxNanos];
  const asked = [tenant, query.service ?? null, query.operation ?? null, tags, times.map((time) => `${time}`)];
  const digest = createHash("sha256").update(place).update(JSON.stringify(asked)).digest();
  return digest.subarray(0, DIGEST_BYTES);
}
