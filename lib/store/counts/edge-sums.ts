import { type JoinedEdges, OTHER_SERVICES } from "./edge-join.ts";
import type { Edge } from "./types.ts";

/** Adds up calls between services. */
export class EdgeSums {
  private readonly calls = new Map<string, Map<string, number>>();
  private unmet = 0;

  add({ edges, unmet }: JoinedEdges): void {
    this.unmet += unmet;
    for (const edge of edges) this.addCalls(edge);
  }

  subtract({ edges, unmet }: JoinedEdges): void {
    this.unmet -= unmet;
    for (const edge of edges) this.addCalls({ ...edge, calls: -edge.calls });
  }

  /** Sorted by parent, then child. */
  all(): JoinedEdges {
    const edges = [...this.calls].flatMap(([parent, children]) =>
      [...children].flatMap(([child, calls]) => (calls === 0 ? [] : [{ parent, child, calls }])),
    );
    return { edges: edges.sort(byNames), unmet: this.unmet };
  }

  /** The most frequent, the rest as one. */
  most(count: number): JoinedEdges {
    const { edges, unmet } = this.all();
    if (edges.length <= count) return { edges, unmet };
    const ranked = edges.toSorted((a, b) => b.calls - a.calls || byNames(a, b));
    const kept = new EdgeSums();
    kept.add({ edges: ranked.slice(0, count), unmet });
    for (const { calls } of ranked.slice(count))
      kept.addCalls({ parent: OTHER_SERVICES, child: OTHER_SERVICES, calls });
    return kept.all();
  }

  private addCalls({ parent, child, calls }: Edge): void {
    const children = this.calls.get(parent) ?? new Map<string, number>();
    this.calls.set(parent, children);
    children.set(child, (children.get(child) ?? 0) + calls);
  }
}

const byNames = (a: Edge, b: Edge): number => compare(a.parent, b.parent) || compare(a.child, b.child);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
