import { MILLIS_PER_HOUR } from "../../model/time.ts";
import { dayOf } from "../keys.ts";
import { largeHourRange, largeHoursOfDay, readRolledKey } from "../rolled-keys.ts";
import { EdgeJoin, type JoinedEdges } from "./edge-join.ts";
import { EdgeSums } from "./edge-sums.ts";
import { type LargeHour, MAX_WAITING, readLargeHour, readWaiting } from "./large-hour.ts";
import { isFresh, newBodies, nothingRead, type ReadCounts } from "./new-bodies.ts";
import type { OpenHoursOptions } from "./open-hours.ts";
import { readEdgeCounts } from "./read.ts";
import type { EdgeCounts } from "./types.ts";

/** How long it is trusted that no hour has become large, or was rolled again. */
const TRUST_MILLIS = 30_000;

/** Who calls across an hour's end came about then; what comes later than that is met when the hour is rolled next. */
const AROUND_MILLIS = 2 * 60_000;

/** An hour that was rolled to a mark because nobody could join all of it, and what waited then. */
interface KnownLarge {
  readonly mark: number;
  readonly roll: LargeHour;
  readonly waiting: readonly EdgeCounts[];
}

/** The hours of a tenant that are too large to be joined whole: as they were rolled last, and what came since. */
export class LargeHours {
  private readonly options: OpenHoursOptions;
  private readonly known = new Map<number, KnownLarge>();
  private readonly checkedAt = new Map<number, number>();
  private readonly since = new Map<number, SinceRoll>();

  constructor(options: OpenHoursOptions) {
    this.options = options;
  }

  /** Finds out which of these hours are large, and to what they were rolled last. */
  async find(hours: readonly number[], nowMillis: number): Promise<void> {
    // On either side of now: a clock is set back too.
    const due = hours.filter((hour) => Math.abs(nowMillis - (this.checkedAt.get(hour) ?? 0)) >= TRUST_MILLIS);
    await Promise.all(
      [...Map.groupBy(due, dayOf)].map(async ([day, some]) => {
        if (await this.hasAny(day)) await Promise.all(some.map((hour) => this.findOne(hour)));
        for (const hour of some) this.checkedAt.set(hour, nowMillis);
      }),
    );
  }

  has(hour: number): boolean {
    return this.known.has(hour);
  }

  /** Reads what came of an hour since it was rolled; of one that is not large, but beside one that is, all. */
  async refresh(hour: number, nowMillis: number): Promise<void> {
    const known = this.known.get(hour);
    let since = this.since.get(hour);
    if (since === undefined || since.mark !== (known?.mark ?? 0)) {
      since = new SinceRoll(this.options, hour, known);
      this.since.set(hour, since);
    }
    await since.refresh(nowMillis, (around) => this.known.has(around));
  }

  at(hour: number): JoinedEdges | undefined {
    return this.since.get(hour)?.joined();
  }

  /** Whether all that was read could be held, and the roll kept all that waited. */
  isComplete(hour: number): boolean {
    return this.since.get(hour)?.isComplete ?? true;
  }

  /** Whether all of it is read once more, beside its roll. */
  isReadWhole(hour: number): boolean {
    return (this.known.get(hour)?.roll.fromAt ?? 0) === 0;
  }

  get entries(): number {
    let entries = 0;
    for (const since of this.since.values()) entries += since.entries;
    return entries;
  }

  /** Lets go of what came since an hour's roll. */
  drop(hour: number): void {
    this.since.delete(hour);
  }

  /** Lets go of what is older. */
  forget(before: number): void {
    for (const known of [this.known, this.checkedAt, this.since])
      for (const hour of known.keys()) if (hour < before) known.delete(hour);
  }

  /** Most tenants have none at all. */
  private async hasAny(day: number): Promise<boolean> {
    const { batches, tenant } = this.options;
    const range = largeHoursOfDay(tenant, day);
    for await (const _ of batches.queryAll({ ...range, limit: 1, consistent: false })) return true;
    return false;
  }

  /**
   * The newest roll that is there whole: its head is written last, and says how many bodies are its own. Beyond those
   * may stand some of the roll before that it replaced.
   */
  private async findOne(hour: number): Promise<void> {
    const { batches, tenant } = this.options;
    const query = { ...largeHourRange(tenant, hour), descending: true, consistent: false };
    const isKnown = (sk: Uint8Array): boolean => readRolledKey(sk).mark <= (this.known.get(hour)?.mark ?? 0);
    let isNew = false;
    for await (const items of batches.queryAll({ ...query, limit: 1 })) isNew = items.some(({ sk }) => !isKnown(sk));
    const bodies: { readonly n: number; readonly body: Uint8Array }[] = [];
    let mark = 0;
    for await (const items of isNew ? batches.queryAll(query) : [])
      for (const { sk, body } of items) {
        if (isKnown(sk)) return;
        const key = readRolledKey(sk);
        if (key.mark !== mark) bodies.length = 0;
        mark = key.mark;
        if (key.n !== 0) {
          bodies.push({ n: key.n, body });
          continue;
        }
        const roll = readLargeHour(body);
        const own = bodies.filter(({ n }) => n <= roll.bodies);
        if (own.length !== roll.bodies) continue;
        const waiting = own.map((one) => readWaiting(one.body));
        this.known.set(hour, { mark, roll, waiting });
        return;
      }
  }
}

/**
 * What an hour's counts change that came after its roll. They are joined twice with what was read of the ones before,
 * without them and with them: the difference is theirs.
 */
class SinceRoll {
  readonly mark: number;
  private readonly options: OpenHoursOptions;
  private readonly hour: number;
  private readonly roll: LargeHour | undefined;
  private readonly before: EdgeJoin;
  private readonly after: EdgeJoin;
  private readonly read = new Map<number, ReadCounts>();
  private sums: JoinedEdges | undefined;
  private readonly isCut: boolean;
  private isFull = false;

  constructor(options: OpenHoursOptions, hour: number, known: KnownLarge | undefined) {
    this.options = options;
    this.hour = hour;
    this.mark = known?.mark ?? 0;
    this.roll = known?.roll;
    const waiting = known?.waiting.reduce((sum, { halves }) => sum + halves.count, 0) ?? 0;
    this.isCut = waiting >= MAX_WAITING;
    this.before = new EdgeJoin(options.random);
    this.after = new EdgeJoin(options.random);
    for (const join of [this.before, this.after]) for (const counts of known?.waiting ?? []) join.add(counts, hour);
  }

  get entries(): number {
    return this.before.size + this.after.size;
  }

  get isComplete(): boolean {
    return !this.isFull && !this.isCut;
  }

  async refresh(nowMillis: number, isLarge: (hour: number) => boolean): Promise<void> {
    const { hour, roll } = this;
    const own = roll?.fromAt ?? 0;
    await this.refreshOne(hour, nowMillis, { fromAt: own });
    const [begin, end] = [hour * MILLIS_PER_HOUR, (hour + 1) * MILLIS_PER_HOUR];
    const earlier = Math.max(own, isLarge(hour - 1) ? begin - AROUND_MILLIS : 0);
    const later = isLarge(hour + 1) ? { toAt: end + AROUND_MILLIS } : {};
    await this.refreshOne(hour - 1, nowMillis, { fromAt: earlier });
    await this.refreshOne(hour + 1, nowMillis, { fromAt: own, ...later });
  }

  joined(): JoinedEdges {
    if (this.sums !== undefined) return this.sums;
    const sums = new EdgeSums();
    const [before, after] = [this.before.join().get(this.hour), this.after.join().get(this.hour)];
    if (this.roll !== undefined) sums.add(this.roll.joined);
    if (after !== undefined) sums.add(after);
    if (before !== undefined) sums.subtract(before);
    this.sums = sums.all();
    return this.sums;
  }

  private async refreshOne(
    hour: number,
    nowMillis: number,
    times: { readonly fromAt: number; readonly toAt?: number },
  ): Promise<void> {
    const { batches, tenant, maxEntries } = this.options;
    const read = this.read.get(hour) ?? nothingRead();
    this.read.set(hour, read);
    if (this.isFull || isFresh(read, hour, nowMillis)) return;
    for await (const { at, body } of newBodies(read, { batches, tenant, hour, nowMillis, ...times })) {
      this.isFull ||= this.entries >= maxEntries;
      if (this.isFull) return;
      this.take(readEdgeCounts(body), hour, at);
    }
  }

  private take(counts: EdgeCounts, hour: number, at: number): void {
    this.sums = undefined;
    const isNew = at >= this.mark;
    if (isNew && hour === this.hour) this.after.addSettled(counts, hour);
    for (const join of isNew ? [this.after] : [this.before, this.after])
      if (hour === this.hour) join.add(counts, hour);
      else join.addAround(counts, hour, true);
  }
}
