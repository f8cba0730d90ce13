import { firstAtLeast } from "../first-at-least.ts";
import { IS_REFERRED } from "./build.ts";
import { EntryIndex } from "./entry-index.ts";
import { Column } from "./growing.ts";
import type { Edge, EdgeCounts } from "./types.ts";

/** What an hour's halves come to. */
export interface JoinedEdges {
  /** Sorted by parent, then child. */
  readonly edges: readonly Edge[];
  /** References to spans that are nowhere. */
  readonly unmet: number;
}

/** A span that refers to one that is nowhere. */
export interface WaitingReference {
  /** Of the span itself, and of what it refers to. */
  readonly hash: number;
  readonly reference: number;
  /** Index into SIDE_CODES. */
  readonly side: number;
  readonly service: string;
}

/** A run of hashes, the upper one exclusive: halves are joined a part at a time where all together would be too many. */
export interface HashRange {
  readonly from: number;
  readonly to: number;
}

/** More services than people tell apart; the calls of the rest, as of a runaway naming scheme, are counted as one service's. */
const MAX_SERVICES = 10_000;
export const OTHER_SERVICES = "other";

const CLIENT = 1;
const SERVER = 2;
const SIDES_MASK = 3;

/** Beside the hour of a reference or a peer: that it is a server side's. */
const SERVER_SIDE = 0x8000;
const NOWHERE = 0xffff;

/**
 * Joins halves of any number of bodies, in whatever order they come (docs/format.md, "Edges"): edges follow from the set
 * alone. A span id is an entry; what refers to it, and whose peer it names, is kept beside and told apart when asked.
 */
export class EdgeJoin {
  private readonly index: EntryIndex;
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  /** Per entry: the first service by name of each side, 1 more than its number. */
  private readonly sides = [Column.of16(), Column.of16(), Column.of16()] as const;
  private readonly isReferred = Column.of8();
  /** Per entry: the earliest hour of a server side of it. */
  private readonly serverHour = Column.of16();
  private readonly to = Column.of32();
  private readonly from = Column.of32();
  private readonly caller = Column.of16();
  private readonly hour = Column.of16();
  /** Four numbers a peer: entry, hour and side, service, the service called. */
  private readonly peers: number[] = [];
  private readonly settled = new Map<number, number>();
  private readonly hours: number[] = [];
  private readonly isCounted: boolean[] = [];

  /** @param random in [0, 1): nobody can choose ids that lie on one heap here */
  constructor(random: () => number) {
    this.index = new EntryIndex(random);
  }

  /** Span ids, and references to such as are not here. */
  get size(): number {
    return this.index.size;
  }

  /** So far. */
  get references(): number {
    return this.to.length;
  }

  /** Which of the first `count` references still wait for a span that is nowhere. */
  waiting(count: number): WaitingReference[] {
    const [neither, clients, servers] = this.sides;
    const waiting: WaitingReference[] = [];
    for (let i = 0; i < count; i++) {
      const [to, from, caller] = [this.to.at(i), this.from.at(i), this.caller.at(i)];
      if (servers.at(to) || clients.at(to) || neither.at(to) || this.isShared(this.hour.at(i), from)) continue;
      const isServer = (this.hour.at(i) & SERVER_SIDE) !== 0;
      const side = isServer ? SERVER : clients.at(from) === caller + 1 ? CLIENT : 0;
      const [hash, reference] = [this.index.hashOf(from), this.index.hashOf(to)];
      waiting.push({ hash, reference, side, service: this.names[caller] as string });
    }
    return waiting;
  }

  /** What an hour's plans have settled themselves. */
  addSettled({ edges }: EdgeCounts, hour: number): void {
    const at = this.hourOf(hour, true);
    for (const { parent, child, calls } of edges)
      bump(this.settled, keyOf(at, this.numberOf(parent), this.numberOf(child)), calls);
  }

  /** Halves whose own calls are counted, in that hour. */
  add(counts: EdgeCounts, hour: number, range?: HashRange): void {
    const at = this.hourOf(hour, true);
    const { halves } = counts;
    this.take(counts, range, at, (i, own, service) => {
      const isServer = ((halves.flags[i] as number) & SIDES_MASK) === SERVER;
      const where = at | (isServer ? SERVER_SIDE : 0);
      for (let n = halves.starts[i] as number; n < (halves.starts[i + 1] as number); n++) {
        const to = this.entryOf(halves.references[n] as number);
        this.isReferred.set(to, 1);
        this.to.push(to);
        this.from.push(own);
        this.caller.push(service);
        this.hour.push(where);
      }
      const peer = halves.peers.size === 0 ? undefined : halves.peers.get(i);
      if (peer !== undefined) this.peers.push(own, where, service, this.numberOf(peer));
    });
  }

  /** Halves that others' calls may lead to; their own are counted elsewhere. @param isFirst whether those others may still come */
  addAround(counts: EdgeCounts, hour: number, isFirst: boolean, range?: HashRange): void {
    const at = this.hourOf(hour, false);
    const { halves } = counts;
    const entryOf = (hash: number): number => (isFirst ? this.entryOf(hash) : this.index.find(hash));
    this.take(
      counts,
      range,
      at,
      (i) => {
        for (let n = halves.starts[i] as number; n < (halves.starts[i + 1] as number); n++) {
          const to = entryOf(halves.references[n] as number);
          if (to >= 0) this.isReferred.set(to, 1);
        }
      },
      entryOf,
    );
  }

  /** All edges by the hour in which they stand: that of the calling span's, where ids are shared that of the server side. */
  join(): ReadonlyMap<number, JoinedEdges> {
    const calls = new Map(this.settled);
    const unmet = this.hours.map(() => 0);
    this.joinShared(calls);
    this.joinReferences(calls, unmet);
    this.joinPeers(calls);
    const edges = this.hours.map((): Edge[] => []);
    for (const [key, count] of calls) {
      const [parent, child] = [this.names[Math.floor(key / 2 ** 16) % 2 ** 16], this.names[key % 2 ** 16]];
      edges[Math.floor(key / 2 ** 32)]?.push({ parent: parent as string, child: child as string, calls: count });
    }
    return new Map(
      this.hours.flatMap((hour, at) =>
        this.isCounted[at] ? [[hour, { edges: (edges[at] as Edge[]).sort(byNames), unmet: unmet[at] as number }]] : [],
      ),
    );
  }

  /** One span id with both sides is one call. */
  private joinShared(calls: Map<number, number>): void {
    const [, clients, servers] = this.sides;
    for (let entry = 0; entry < this.index.size; entry++) {
      const [client, server] = [clients.at(entry), servers.at(entry)];
      const at = this.serverHour.at(entry);
      if (client !== 0 && server !== 0 && this.isCounted[at]) bump(calls, keyOf(at, client - 1, server - 1), 1);
    }
  }

  private joinReferences(calls: Map<number, number>, unmet: number[]): void {
    const [neither, clients, servers] = this.sides;
    for (let i = 0; i < this.to.length; i++) {
      const where = this.hour.at(i);
      if (this.isShared(where, this.from.at(i))) continue;
      const to = this.to.at(i);
      const parent = servers.at(to) || clients.at(to) || neither.at(to);
      const at = where & ~SERVER_SIDE;
      if (parent === 0) unmet[at] = (unmet[at] as number) + 1;
      else bump(calls, keyOf(at, parent - 1, this.caller.at(i)), 1);
    }
  }

  private joinPeers(calls: Map<number, number>): void {
    for (let i = 0; i < this.peers.length; i += 4) {
      const [own, where, service, peer] = this.peers.slice(i, i + 4) as [number, number, number, number];
      if (this.isReferred.at(own) === 0 && !this.isShared(where, own))
        bump(calls, keyOf(where & ~SERVER_SIDE, service, peer), 1);
    }
  }

  /** Whether it is the server side of an id that has both: then its caller is the client side. */
  private isShared(where: number, entry: number): boolean {
    return (where & SERVER_SIDE) !== 0 && this.sides[CLIENT].at(entry) !== 0;
  }

  /** Takes up who has the span ids, and hands on each half. */
  private take(
    { halves, services }: EdgeCounts,
    range: HashRange | undefined,
    at: number,
    each: (half: number, entry: number, service: number) => void,
    entryOf = (hash: number): number => this.entryOf(hash),
  ): void {
    const numbers = services.map((name) => this.numberOf(name));
    const [begin, end] = within(halves.hash, range);
    for (let i = begin; i < end; i++) {
      const entry = entryOf(halves.hash[i] as number);
      const service = numbers[halves.service[i] as number] as number;
      if (entry >= 0) this.takeSide(entry, halves.flags[i] as number, service, at);
      each(i, entry, service);
    }
  }

  private takeSide(entry: number, flags: number, service: number, at: number): void {
    const code = flags & SIDES_MASK;
    const side = this.sides[code as 0 | 1 | 2];
    const known = side.at(entry);
    if (known === 0 || (this.names[service] as string) < (this.names[known - 1] as string))
      side.set(entry, service + 1);
    if ((flags & IS_REFERRED) !== 0) this.isReferred.set(entry, 1);
    if (code !== SERVER) return;
    const before = this.serverHour.at(entry);
    if (before === NOWHERE || (this.hours[at] as number) < (this.hours[before] as number))
      this.serverHour.set(entry, at);
  }

  private entryOf(hash: number): number {
    const entry = this.index.findOrAdd(hash);
    if (entry === this.isReferred.length) {
      for (const side of this.sides) side.push(0);
      this.isReferred.push(0);
      this.serverHour.push(NOWHERE);
    }
    return entry;
  }

  private hourOf(hour: number, isCounted: boolean): number {
    const known = this.hours.indexOf(hour);
    if (known >= 0) return known;
    this.isCounted.push(isCounted);
    return this.hours.push(hour) - 1;
  }

  private numberOf(service: string): number {
    const known = this.numbers.get(service);
    if (known !== undefined) return known;
    if (this.names.length >= MAX_SERVICES && service !== OTHER_SERVICES) return this.numberOf(OTHER_SERVICES);
    const number = this.names.push(service) - 1;
    this.numbers.set(service, number);
    return number;
  }
}

/** Hours are few, services at most {@link MAX_SERVICES}. */
const keyOf = (hour: number, parent: number, child: number): number => hour * 2 ** 32 + parent * 2 ** 16 + child;

const bump = (calls: Map<number, number>, key: number, by: number): void => {
  calls.set(key, (calls.get(key) ?? 0) + by);
};

function within(hashes: Float64Array, range: HashRange | undefined): [begin: number, end: number] {
  if (range === undefined) return [0, hashes.length];
  return [firstAtLeast(hashes, range.from), firstAtLeast(hashes, range.to)];
}

const byNames = (a: Edge, b: Edge): number => compare(a.parent, b.parent) || compare(a.child, b.child);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
