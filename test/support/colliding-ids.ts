import { traceId } from "../../lib/model/ids.ts";
import { traceTerm } from "../../lib/store/segment/term-hash.ts";
import type { Random } from "../data/random.ts";

/** Trace ids of which every two neighbours share the hash that rows and terms know them by. */
export function collidingIds(random: Random, pairs: number): string[] {
  const byHash = new Map<number, string>();
  const found: string[] = [];
  while (found.length < pairs * 2) {
    const id = random.hex(16);
    const hash = traceTerm(traceId(id));
    const other = byHash.get(hash);
    if (other === undefined) byHash.set(hash, id);
    else if (other !== id) found.push(other, id);
  }
  return found;
}
