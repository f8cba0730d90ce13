import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import type { Item } from "../items.ts";
import { dayOf } from "../keys.ts";
import { eachDay, type Hours } from "../read/window.ts";
import { readRolledKey, rolledEdgesRange } from "../rolled-keys.ts";
import type { JoinedEdges } from "./edge-join.ts";
import { EdgeSums } from "./edge-sums.ts";
import { readRolledEdges } from "./read-rolled.ts";

/** An hour as it was rolled last. */
export interface RolledHour {
  readonly hour: number;
  /** Counts of plans made from then on are not in it; milliseconds since the epoch. */
  readonly mark: number;
  readonly joined: JoinedEdges;
}

/** Hours are rolled once or twice, and again when something comes late. */
const TRUST_MILLIS = 30_000;

/** Of days before yesterday only what comes late changes the hours, and that is read beside them. */
const OLD_TRUST_MILLIS = 5 * 60_000;
const OLD_DAYS = 2;

/** The rolled hours of a tenant, as they become more. */
export class RolledHours {
  private readonly batches: Batches;
  private readonly tenant: string;
  private readonly hours = new Map<number, RolledHour>();
  private readonly checkedAt = new Map<number, number>();

  constructor(batches: Batches, tenant: string) {
    this.batches = batches;
    this.tenant = tenant;
  }

  /** Sees to it that all of these hours are known as they were a while ago. */
  async refresh(hours: Hours, nowMillis: number): Promise<void> {
    const today = dayOf(Math.floor(nowMillis / MILLIS_PER_HOUR));
    // On either side of now: a clock is set back too.
    const isDue = (day: number): boolean =>
      Math.abs(nowMillis - (this.checkedAt.get(day) ?? 0)) >=
      (day + OLD_DAYS <= today ? OLD_TRUST_MILLIS : TRUST_MILLIS);
    await Promise.all(
      eachDay(hours)
        .filter(isDue)
        .map(async (day) => {
          await this.readDay(day);
          this.checkedAt.set(day, nowMillis);
        }),
    );
  }

  /** As it was rolled last, which may have been before all of it was there. */
  any(hour: number): RolledHour | undefined {
    return this.hours.get(hour);
  }

  /**
   * Undefined when its counts are to be joined by the reader: it was never rolled, or only before the hour after it was
   * over, which may bring callers yet. Long after, no such counts came, or it would have been rolled again.
   */
  final(hour: number, nowMillis: number): RolledHour | undefined {
    const known = this.hours.get(hour);
    if (known === undefined) return undefined;
    return known.mark >= (hour + 2) * MILLIS_PER_HOUR || nowMillis >= (hour + 3) * MILLIS_PER_HOUR ? known : undefined;
  }

  forget(before: number): void {
    for (const hour of this.hours.keys()) if (hour < before) this.hours.delete(hour);
    for (const day of this.checkedAt.keys()) if (day < dayOf(before)) this.checkedAt.delete(day);
  }

  /** An estimate of what they take. */
  get edges(): number {
    let edges = 0;
    for (const { joined } of this.hours.values()) edges += joined.edges.length;
    return edges;
  }

  private async readDay(day: number): Promise<void> {
    const range = rolledEdgesRange(this.tenant, day, 0, Number.MAX_SAFE_INTEGER);
    const byHour = new Map<number, Map<number, Item[]>>();
    for await (const items of this.batches.queryAll({ ...range, consistent: true }))
      for (const item of items) {
        const { hour, mark } = readRolledKey(item.sk);
        if (mark <= (this.hours.get(hour)?.mark ?? -1)) continue;
        const marks = byHour.get(hour) ?? new Map<number, Item[]>();
        byHour.set(hour, marks.set(mark, [...(marks.get(mark) ?? []), item]));
      }
    for (const [hour, marks] of byHour) {
      const newest = [...marks].filter(([, items]) => isWhole(items)).sort((a, b) => b[0] - a[0])[0];
      if (newest !== undefined) this.hours.set(hour, { hour, mark: newest[0], joined: joinedOf(newest[1]) });
    }
  }
}

/** The first item is written last: while it is not there, neither is the roll. */
const isWhole = (items: readonly Item[]): boolean =>
  items.some(({ sk, body }) => readRolledKey(sk).n === 0 && readRolledEdges(body).bodies === items.length);

function joinedOf(items: readonly Item[]): JoinedEdges {
  const sums = new EdgeSums();
  for (const { body } of items) sums.add(readRolledEdges(body));
  return sums.all();
}
