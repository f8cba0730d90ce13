import { EdgeJoin } from "../../lib/store/counts/edge-join.ts";
import { readEdgeCounts } from "../../lib/store/counts/read.ts";

/** "parent > child" → calls, of all that these bodies hold together, whatever their hours. */
export function joinedCounts(bodies: Iterable<Uint8Array>): Map<string, number> {
  const join = new EdgeJoin(() => 0.3);
  for (const body of bodies) {
    const counts = readEdgeCounts(body);
    join.addSettled(counts, 0);
    join.add(counts, 0);
  }
  const edges = join.join().get(0)?.edges ?? [];
  return new Map(edges.map(({ parent, child, calls }) => [`${parent} > ${child}`, calls]));
}
