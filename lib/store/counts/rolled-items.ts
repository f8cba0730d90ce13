import type { Item } from "../items.ts";
import { hourTtl } from "../keys.ts";
import { largeHourKey, rolledEdgesKey, rolledMinutesKey } from "../rolled-keys.ts";
import type { HourCounted } from "./count-hour.ts";
import type { HourEdges } from "./join-hour.ts";
import { writeLargeHour, writeWaiting } from "./large-hour.ts";
import type { MinuteRow } from "./minutes.ts";
import type { RollLimits, RollOptions } from "./roll-options.ts";
import { writeRolledEdges, writeRolledMinutes } from "./write-rolled.ts";

/** Items, and those by which they are found. */
export interface RolledItems {
  readonly parts: readonly Item[];
  readonly heads: readonly Item[];
}

export function minuteItems(
  { tenant, hour, mark, retentionHours }: RollOptions,
  rows: ReadonlyMap<string, readonly MinuteRow[]>,
  { itemBytes }: RollLimits,
): Item[] {
  const ttl = hourTtl(hour, retentionHours);
  return [...rows].flatMap(([service, minutes]) =>
    writeRolledMinutes(service, minutes, itemBytes).map((body, n) => ({
      ...{ ...rolledMinutesKey(tenant, hour, mark, service, n), body, ttl },
    })),
  );
}

export function edgeItems(options: RollOptions, { edges, unmet }: HourEdges, { itemBytes }: RollLimits): RolledItems {
  const { tenant, hour, mark, retentionHours } = options;
  const ttl = hourTtl(hour, retentionHours);
  const [head, ...parts] = writeRolledEdges(edges, unmet, itemBytes).map((body, n) => ({
    ...{ ...rolledEdgesKey(tenant, hour, mark, n), body, ttl },
  }));
  return { parts, heads: head === undefined ? [] : [head] };
}

export function largeItems(
  { tenant, hour, mark, retentionHours }: RollOptions,
  { halves, fromAt }: HourCounted,
  { edges, unmet, waiting }: HourEdges,
  { itemBytes }: RollLimits,
): RolledItems {
  const ttl = hourTtl(hour, retentionHours);
  const bodies = writeWaiting(waiting, itemBytes);
  const large = { bodies: bodies.length, spans: halves, fromAt, joined: { edges, unmet } };
  return {
    parts: bodies.map((body, n) => ({ ...largeHourKey(tenant, hour, mark, n + 1), body, ttl })),
    heads: [{ ...largeHourKey(tenant, hour, mark, 0), body: writeLargeHour(large, itemBytes), ttl }],
  };
}
