import type { Batches } from "../batches.ts";
import { EdgeJoin, type JoinedEdges } from "./edge-join.ts";
import { isFresh, newBodies, nothingRead, type ReadCounts } from "./new-bodies.ts";
import { readEdgeCounts } from "./read.ts";

export interface OpenHoursOptions {
  readonly batches: Batches;
  readonly tenant: string;
  readonly random: () => number;
  /** Span ids that are held at most. */
  readonly maxEntries: number;
}

/** An hour that is joined here, or only lends its spans to those that are. */
export type Role = "joined" | "around";

interface OpenHour {
  readonly role: Role;
  readonly read: ReadCounts;
}

/** The hours of a tenant that no roll has taken up: their halves, as they become more, and what those come to. */
export class OpenHours {
  private readonly options: OpenHoursOptions;
  private readonly hours = new Map<number, OpenHour>();
  private readonly join: EdgeJoin;
  private joined: ReadonlyMap<number, JoinedEdges> | undefined;
  private isFull = false;

  constructor(options: OpenHoursOptions) {
    this.options = options;
    this.join = new EdgeJoin(options.random);
  }

  /** An estimate of what they take. */
  get entries(): number {
    return this.join.size;
  }

  /** Whether all that was read could be held. */
  get isComplete(): boolean {
    return !this.isFull;
  }

  /** Whether only a new start can give these hours their roles, or the room that they need. */
  isOutdated(needed: ReadonlyMap<number, Role>): boolean {
    const held = [...this.hours];
    return held.some(([hour, { role }]) => (needed.has(hour) ? needed.get(hour) !== role : this.isFull));
  }

  /** Adds what is new in the hour. @param fromAt of plans made from then on, milliseconds since the epoch */
  async refresh(hour: number, role: Role, nowMillis: number, fromAt = 0): Promise<void> {
    const { batches, tenant } = this.options;
    const known = this.hours.get(hour) ?? { role, read: nothingRead() };
    this.hours.set(hour, known);
    if (this.isFull || isFresh(known.read, hour, nowMillis)) return;
    for await (const { body } of newBodies(known.read, { batches, tenant, hour, fromAt, nowMillis })) {
      if (this.join.size >= this.options.maxEntries) {
        this.isFull = true;
        return;
      }
      this.take(body, hour, role);
    }
  }

  /** Whether anything of the hour was read. */
  has(hour: number): boolean {
    return (this.hours.get(hour)?.read.keys.size ?? 0) > 0;
  }

  /** What the hour comes to with what is known. */
  at(hour: number): JoinedEdges | undefined {
    this.joined ??= this.join.join();
    return this.joined.get(hour);
  }

  private take(body: Uint8Array, hour: number, role: Role): void {
    const counts = readEdgeCounts(body);
    this.joined = undefined;
    if (role === "joined") {
      this.join.addSettled(counts, hour);
      this.join.add(counts, hour);
    } else this.join.addAround(counts, hour, true);
  }
}
