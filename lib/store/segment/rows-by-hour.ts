/** Rows of each hour, ascending, the oldest hour first. */
export function rowsByHour(hours: Uint32Array): [hour: number, rows: Uint32Array][] {
  const counts = new Map<number, number>();
  // Neighbours are nearly always of one hour: the map is asked only where it changes.
  for (let from = 0, to = 0; from < hours.length; from = to) {
    const hour = hours[from] as number;
    while (to < hours.length && hours[to] === hour) to++;
    counts.set(hour, (counts.get(hour) ?? 0) + to - from);
  }
  const byHour = new Map([...counts].map(([hour, count]) => [hour, { rows: new Uint32Array(count), length: 0 }]));
  let last = -1;
  let own: { readonly rows: Uint32Array; length: number } | undefined;
  for (let row = 0; row < hours.length; row++) {
    if (own === undefined || hours[row] !== last) {
      last = hours[row] as number;
      own = byHour.get(last);
    }
    if (own !== undefined) own.rows[own.length++] = row;
  }
  return [...byHour].sort(([a], [b]) => a - b).map(([hour, { rows }]) => [hour, rows]);
}
