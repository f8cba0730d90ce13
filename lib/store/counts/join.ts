import type { Counts, Edge, Half } from "./types.ts";

export interface JoinedEdges {
  /** Sorted by parent, then child. */
  readonly edges: readonly Edge[];
  /** References to spans that none of the counts hold. */
  readonly unmet: number;
}

/** Who has a span id: the first service by name of each side. */
interface Ends {
  client: string | undefined;
  server: string | undefined;
  neither: string | undefined;
}

/** All edges that a set of counts holds: the settled ones, and those whose halves meet (docs/format.md, "Edges"). */
export function joinEdges(all: readonly Counts[]): JoinedEdges {
  const calls = new Map<string, Edge>();
  const add = (parent: string, child: string, count: number): void => {
    const key = JSON.stringify([parent, child]);
    calls.set(key, { parent, child, calls: (calls.get(key)?.calls ?? 0) + count });
  };
  const halves = all.flatMap((counts) => counts.halves);
  const ends = endsByHash(halves);
  for (const { parent, child, calls: count } of all.flatMap((counts) => counts.edges)) add(parent, child, count);
  for (const { client, server } of ends.values())
    if (client !== undefined && server !== undefined) add(client, server, 1);
  const isTwin = (half: Half): boolean => half.side === "server" && ends.get(half.hash)?.client !== undefined;
  const referred = new Set(
    halves.flatMap((half) => (half.isReferred ? [half.hash, ...half.references] : half.references)),
  );
  let unmet = 0;
  for (const half of halves) {
    if (isTwin(half)) continue;
    for (const reference of half.references) {
      const parent = ends.get(reference);
      const service = parent?.server ?? parent?.client ?? parent?.neither;
      if (service === undefined) unmet++;
      else add(service, half.service, 1);
    }
    if (half.peer !== undefined && !referred.has(half.hash)) add(half.service, half.peer, 1);
  }
  const edges = [...calls.values()].sort((a, b) => compare(a.parent, b.parent) || compare(a.child, b.child));
  return { edges, unmet };
}

function endsByHash(halves: readonly Half[]): Map<number, Ends> {
  const ends = new Map<number, Ends>();
  for (const { hash, side, service } of halves) {
    const known = ends.get(hash) ?? { client: undefined, server: undefined, neither: undefined };
    const before = known[side];
    if (before === undefined || service < before) known[side] = service;
    ends.set(hash, known);
  }
  return ends;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
