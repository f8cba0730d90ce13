import { LRUCache } from "lru-cache";
import { type Clock, MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import type { Dependencies, DependencyGraph } from "../port.ts";
import { eachHour, type Hours, keptHours, overlap } from "../read/window.ts";
import type { JoinedEdges } from "./edge-join.ts";
import { EdgeSums } from "./edge-sums.ts";
import { LargeHours } from "./large-hours.ts";
import { OpenHours, type OpenHoursOptions, type Role } from "./open-hours.ts";
import { type RolledHour, RolledHours } from "./rolled-hours.ts";

export interface DependencyReaderOptions {
  readonly batches: Batches;
  readonly clock: Clock;
  /** In [0, 1); answers do not depend on it. */
  readonly random: () => number;
  readonly retentionHours: number;
  /** Span ids of hours that no roll has taken up, held at most for one tenant. */
  readonly maxEntries?: number;
}

/** Three hours that are nearly large, and what came since the roll of large ones. Each takes about 40 bytes. */
const MAX_ENTRIES = 5_000_000;
/** How long what was too much once is taken to be too much still. */
const CROWDED_MILLIS = 10 * 60_000;
const ENTRY_BYTES = 40;
const EDGE_BYTES = 100;
/** One tenant that is as large as can be, or hundreds of the ordinary kind. */
const CACHE_BYTES = 256 * 1024 * 1024;

/** Dependencies from rolled hours, and from counts where nothing is rolled yet; what was read once is kept. */
export function dependencyReader(options: DependencyReaderOptions): Dependencies {
  const { clock, retentionHours, maxEntries = MAX_ENTRIES } = options;
  const tenants = new LRUCache<string, TenantEdges>({ maxSize: CACHE_BYTES });
  return {
    async dependencies(tenant, startMillis, endMillis) {
      const nowMillis = clock();
      const asked = { first: hourAt(startMillis), last: hourAt(endMillis) };
      const hours = overlap(asked, keptHours(nowMillis, retentionHours));
      const edges = tenants.get(tenant) ?? new TenantEdges({ ...options, tenant, maxEntries });
      const graph = await edges.graph(hours, nowMillis);
      edges.forget(nowMillis, retentionHours);
      tenants.set(tenant, edges, { size: Math.min(CACHE_BYTES, edges.bytes) });
      return graph;
    },
  };
}

/** An hour, and those in which its spans' callers are looked for. */
const andAround = (hour: number): number[] => [hour - 1, hour, hour + 1];

const hourAt = (millis: number): number => Math.floor(millis / MILLIS_PER_HOUR);

interface SettledParts {
  /** By hour. */
  readonly parts: ReadonlyMap<number, readonly JoinedEdges[]>;
  /** Unless calls may be missing until the next roll. */
  readonly isWhole: boolean;
}

/** What is known of one tenant. */
class TenantEdges {
  private readonly options: OpenHoursOptions;
  private readonly rolled: RolledHours;
  private readonly large: LargeHours;
  private open: OpenHours;
  /** Late counts by hour, and the mark after which they came. */
  private readonly late = new Map<number, { readonly mark: number; readonly counts: OpenHours }>();
  /** Until then what is open is known to be too much; milliseconds since the epoch. */
  private crowdedUntil = 0;
  /** One question at a time changes what is known. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: OpenHoursOptions) {
    this.options = options;
    this.rolled = new RolledHours(options.batches, options.tenant);
    this.large = new LargeHours(options);
    this.open = new OpenHours(options);
  }

  get bytes(): number {
    let entries = this.open.entries + this.large.entries;
    for (const { counts } of this.late.values()) entries += counts.entries;
    return 1 + entries * ENTRY_BYTES + this.rolled.edges * EDGE_BYTES;
  }

  graph(hours: Hours, nowMillis: number): Promise<DependencyGraph> {
    const answer = this.turn.then(() => this.read(hours, nowMillis));
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  /** Lets go of what has expired. */
  forget(nowMillis: number, retentionHours: number): void {
    const { first } = keptHours(nowMillis, retentionHours);
    this.rolled.forget(first);
    this.large.forget(first);
    for (const hour of this.late.keys()) if (hour < first) this.late.delete(hour);
  }

  /**
   * Joins all that no roll has taken up for good, of large hours what came since their roll; where that is too much, for a
   * while only what no roll has taken up at all: then calls between what was rolled and what was not are missing until
   * the next roll.
   */
  private async read(hours: Hours, nowMillis: number): Promise<DependencyGraph> {
    const around = { first: hours.first - 1, last: hours.last + 1 };
    await this.rolled.refresh(around, nowMillis);
    if (!this.isCrowded(nowMillis)) {
      const { parts, isWhole } = await this.settledParts(hours, around, nowMillis);
      const graph = await this.joined(hours, nowMillis, (hour) => parts.get(hour), andAround);
      if (graph.isComplete) return { ...graph, isComplete: isWhole };
      this.crowdedUntil = nowMillis + CROWDED_MILLIS;
      this.open = new OpenHours(this.options);
    }
    await Promise.all(eachHour(hours).map((hour) => this.refreshLate(hour, this.rolled.any(hour), nowMillis)));
    const partsOf = (hour: number): readonly JoinedEdges[] | undefined => {
      const rolled = this.rolled.any(hour);
      const late = this.late.get(hour)?.counts.at(hour);
      return rolled && [rolled.joined, ...(late === undefined ? [] : [late])];
    };
    const graph = await this.joined(hours, nowMillis, partsOf, (hour) => [hour]);
    return { ...graph, isComplete: false };
  }

  /** What hours come to that need not be joined whole: those that were rolled for good, and those that are too large. */
  private async settledParts(hours: Hours, around: Hours, nowMillis: number): Promise<SettledParts> {
    const finalAt = (hour: number): RolledHour | undefined => this.rolled.final(hour, nowMillis);
    const { large } = this;
    const find = (some: readonly number[]) => large.find([...new Set(some.flatMap(andAround))], nowMillis);
    await Promise.all([
      ...eachHour(around).map((hour) => this.refreshLate(hour, finalAt(hour), nowMillis)),
      find(eachHour(hours).filter((hour) => finalAt(hour) === undefined)),
    ]);
    const parts = new Map<number, readonly JoinedEdges[]>();
    for (const hour of eachHour(around)) {
      const final = finalAt(hour);
      // What came late may call, and be called by, what was rolled, in the hours beside it too.
      if (final === undefined || andAround(hour).some((one) => this.hasLate(one))) continue;
      parts.set(hour, [final.joined]);
      large.drop(hour);
    }
    const others = eachHour(hours).filter((hour) => !parts.has(hour));
    await find(others);
    const tooLarge = others.filter((hour) => andAround(hour).some((one) => large.has(one)));
    await Promise.all(tooLarge.map((hour) => large.refresh(hour, nowMillis)));
    for (const hour of tooLarge)
      parts.set(
        hour,
        [large.at(hour)].filter((part) => part !== undefined),
      );
    // Callers of what came late may be older than what is read once more of a large hour.
    const isWhole = tooLarge.every(
      (hour) => large.isComplete(hour) && (finalAt(hour) === undefined || large.isReadWhole(hour)),
    );
    return { parts, isWhole };
  }

  private async joined(
    hours: Hours,
    nowMillis: number,
    partsOf: (hour: number) => readonly JoinedEdges[] | undefined,
    spanOf: (hour: number) => readonly number[],
  ): Promise<DependencyGraph> {
    const isOpen = (hour: number): boolean => partsOf(hour) === undefined;
    const roleOf = (hour: number): Role => (isOpen(hour) ? "joined" : "around");
    const needed = new Map(
      eachHour(hours)
        .filter(isOpen)
        .flatMap(spanOf)
        .map((hour) => [hour, roleOf(hour)]),
    );
    if (this.open.isOutdated(needed)) this.open = new OpenHours(this.options);
    const open = this.open;
    const refresh = (some: readonly number[]) =>
      Promise.all(some.map((hour) => open.refresh(hour, roleOf(hour), nowMillis)));
    await refresh([...needed.keys()].filter(isOpen));
    // Most hours that were never rolled are empty, and the ones around them full.
    const isMet = (hour: number): boolean => andAround(hour).some((one) => isOpen(one) && open.has(one));
    await refresh([...needed.keys()].filter((hour) => !isOpen(hour) && isMet(hour)));
    const sums = new EdgeSums();
    for (const hour of eachHour(hours))
      for (const part of partsOf(hour) ?? [open.at(hour)]) if (part !== undefined) sums.add(part);
    return { ...sums.all(), isComplete: needed.size === 0 || open.isComplete };
  }

  /** One that is further ahead than it was ever set: the clock was set back. */
  private isCrowded(nowMillis: number): boolean {
    return nowMillis < this.crowdedUntil && this.crowdedUntil - nowMillis <= CROWDED_MILLIS;
  }

  private hasLate(hour: number): boolean {
    return this.late.get(hour)?.counts.has(hour) ?? false;
  }

  /** Counts that came after their hour was rolled are joined among themselves until it is rolled again. */
  private async refreshLate(hour: number, rolled: RolledHour | undefined, nowMillis: number): Promise<void> {
    if (rolled === undefined) return;
    const known = this.late.get(hour);
    const late = known?.mark === rolled.mark ? known : { mark: rolled.mark, counts: new OpenHours(this.options) };
    this.late.set(hour, late);
    await late.counts.refresh(hour, "joined", nowMillis, rolled.mark);
  }
}
