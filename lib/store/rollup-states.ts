import { flag, integer, object, optional, text } from "./json-fields.ts";

/** How far rollup is; one item (docs/format.md), its version is the table's. */
export interface RollupState {
  /** Hours since the epoch up to which shards are told that all is closed; -1 when none is. */
  readonly closed: number;
  /**
   * No plan that was made without knowing `closed` was made later than this, milliseconds since the epoch; undefined as
   * long as not every shard has been told.
   */
  readonly until: number | undefined;
  /** A shard that begins now makes no plan before this, milliseconds since the epoch. */
  readonly floor: number;
  /** Minutes of the work list, since the epoch, before this one have been taken up. */
  readonly minute: number;
  /** Hours since the epoch up to this one are closed and merged; -1 when none is. */
  readonly rolled: number;
}

/** How far one tenant's hour is; an item each. */
export interface RollupHour {
  /** Until then, milliseconds since the epoch, somebody is merging it or has died of it; 0 when nobody is. */
  readonly busyUntil: number;
  readonly isClosed: boolean;
  /** Of an hour before it counts came late, and are to be rolled again when this one closes; hours since the epoch. */
  readonly late?: number | undefined;
}

export const encodeRollupState = ({ closed, until, floor, minute, rolled }: RollupState): Uint8Array =>
  Buffer.from(JSON.stringify({ closed, until, floor, minute, rolled }));

export function decodeRollupState(body: Uint8Array): RollupState {
  const fields = object(JSON.parse(new TextDecoder().decode(body)), "body");
  return {
    closed: integer(fields.closed, "closed"),
    until: optional(fields.until, "until", integer),
    floor: integer(fields.floor, "floor"),
    minute: integer(fields.minute, "minute"),
    rolled: integer(fields.rolled, "rolled"),
  };
}

/** The tenant stands in it too: the key may hold a digest of it. */
export const encodeRollupHour = (tenant: string, { busyUntil, isClosed, late }: RollupHour): Uint8Array =>
  Buffer.from(JSON.stringify({ tenant, busyUntil, isClosed, late }));

export function decodeRollupHour(body: Uint8Array): RollupHour & { readonly tenant: string } {
  const fields = object(JSON.parse(new TextDecoder().decode(body)), "body");
  return {
    tenant: text(fields.tenant, "tenant"),
    busyUntil: integer(fields.busyUntil, "busyUntil"),
    isClosed: flag(fields.isClosed, "isClosed"),
    late: optional(fields.late, "late", integer),
  };
}
