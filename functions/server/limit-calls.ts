import type { Items } from "../../lib/store/items.ts";

/**
 * The table, asked at most `calls` things at once; the rest wait in line. The embedded table is one thread: more at once
 * would only make each of them late, until all are given up.
 */
export function limitCalls<T extends Items>(items: T, calls: number): T {
  let free = calls;
  const waiting: (() => void)[] = [];
  async function inTurn<R>(call: () => Promise<R>): Promise<R> {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  }
  return {
    ...items,
    get: (keys, consistent) => inTurn(() => items.get(keys, consistent)),
    query: (query) => inTurn(() => items.query(query)),
    put: (put) => inTurn(() => items.put(put)),
  };
}
