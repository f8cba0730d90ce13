import type { RowSet } from "./types.ts";

export const allRows = (count: number): RowSet => ({
  count,
  has: (row) => row < count,
  rows: () => new Uint32Array(count).map((_, i) => i),
});

export const NO_ROW: RowSet = allRows(0);

/** @param list ascending */
export const listedRows = (list: Uint32Array): RowSet => ({
  count: list.length,
  has(row) {
    let from = 0;
    let to = list.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((list[middle] as number) < row) from = middle + 1;
      else to = middle;
    }
    return list[from] === row;
  },
  rows: () => list,
});

/** @param bits row n is bit n & 7 of byte n >> 3 */
export const bitmapRows = (bits: Uint8Array, count: number): RowSet => ({
  count,
  has: (row) => ((bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0,
  rows() {
    const rows = new Uint32Array(count);
    let found = 0;
    for (let at = 0; at < bits.length; at++) {
      for (let rest = bits[at] as number; rest !== 0; rest &= rest - 1)
        rows[found++] = at * 8 + 31 - Math.clz32(rest & -rest);
    }
    return rows.subarray(0, found);
  },
});
