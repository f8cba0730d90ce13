import { OTHER_SERVICES } from "./edge-join.ts";
import type { MinuteRow } from "./minutes.ts";
import { MAX_BUCKETS } from "./sketch.ts";
import type { MinuteCounts } from "./types.ts";

/** Operations and kinds of a tenant's hour that keep their names; the rest of a runaway naming scheme is one. */
export const MAX_HOUR_OPERATIONS = 5_000;

/** Names that are weighed against each other; in an hour of more, those that come first. */
const MAX_WEIGHED_OPERATIONS = 50_000;

const MINUTES = 60;

export interface KeptOperations {
  /** See textOf. */
  readonly texts: ReadonlySet<string>;
  /** Those of them. */
  readonly services: ReadonlySet<string>;
  /** Operations that do not keep theirs; at least. */
  readonly folded: number;
}

interface Operation {
  readonly service: string;
  readonly operation: string;
  readonly kind: number;
}

type Named = Pick<MinuteCounts, "service" | "operation" | "kind">;

const textOf = ({ service, operation, kind }: Named): string => `${kind} ${service.length} ${service}${operation}`;

/** Finds the operations of an hour that keep their names: all, or the most frequent. */
export class OperationRanks {
  private readonly seen = new Map<string, { readonly service: string; calls: number }>();
  /** Beyond those that are weighed: times that one was met. */
  private beyond = 0;

  add(minute: MinuteCounts): void {
    const text = textOf(minute);
    const known = this.seen.get(text);
    if (known !== undefined) known.calls += minute.calls;
    else if (this.seen.size < MAX_WEIGHED_OPERATIONS)
      this.seen.set(text, { service: minute.service, calls: minute.calls });
    else this.beyond++;
  }

  /** Operations met so far; at least. */
  get size(): number {
    return this.seen.size;
  }

  kept(most: number): KeptOperations {
    const ranked = [...this.seen].sort((a, b) => b[1].calls - a[1].calls || compare(a[0], b[0])).slice(0, most);
    return {
      texts: new Set(ranked.map(([text]) => text)),
      services: new Set(ranked.map(([, { service }]) => service)),
      folded: this.beyond + this.seen.size - ranked.length,
    };
  }
}

/** Adds up an hour's minutes by operation and kind. */
export class HourOperations {
  private readonly kept: KeptOperations | undefined;
  private readonly numbers = new Map<string, number>();
  private readonly operations: Operation[] = [];
  /** (operation, minute, bucket) → calls, and (operation, minute) → errors. */
  private readonly durations = new Map<number, number>();
  private readonly errors = new Map<number, number>();

  /** @param kept all, if it is left out */
  constructor(kept?: KeptOperations) {
    this.kept = kept;
  }

  add(minute: MinuteCounts): void {
    const place = this.numberOf(minute) * MINUTES + minute.minute;
    if (minute.errors > 0) this.errors.set(place, (this.errors.get(place) ?? 0) + minute.errors);
    for (const [bucket, count] of minute.durations) {
      const at = place * MAX_BUCKETS + bucket;
      this.durations.set(at, (this.durations.get(at) ?? 0) + count);
    }
  }

  /** By service; sorted by operation, kind and minute. */
  rows(): ReadonlyMap<string, MinuteRow[]> {
    const byPlace = Map.groupBy(
      [...this.durations.keys()].sort((a, b) => a - b),
      (at) => Math.floor(at / MAX_BUCKETS),
    );
    const rows = [...byPlace].map(([place, all]) => {
      const { service, operation, kind } = this.operations[Math.floor(place / MINUTES)] as Operation;
      const durations = all.map((at) => [at % MAX_BUCKETS, this.durations.get(at) as number] as const);
      const row: MinuteRow = {
        ...{ service: 0, operation, kind, minute: place % MINUTES },
        ...{ errors: this.errors.get(place) ?? 0, durations },
      };
      return { service, row };
    });
    rows.sort((a, b) => compare(a.service, b.service) || byOperation(a.row, b.row));
    const services = Map.groupBy(rows, ({ service }) => service);
    return new Map([...services].map(([service, own]) => [service, own.map(({ row }) => row)]));
  }

  private numberOf(minute: MinuteCounts): number {
    const named = this.nameOf(minute);
    const text = textOf(named);
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.operations.push(named) - 1;
    this.numbers.set(text, number);
    return number;
  }

  /** Under which name it is counted. */
  private nameOf({ service, operation, kind }: MinuteCounts): Operation {
    if (this.kept === undefined || this.kept.texts.has(textOf({ service, operation, kind })))
      return { service, operation, kind };
    return { service: this.kept.services.has(service) ? service : OTHER_SERVICES, operation: "", kind };
  }
}

const byOperation = (a: MinuteRow, b: MinuteRow): number =>
  compare(a.operation, b.operation) || a.kind - b.kind || a.minute - b.minute;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
