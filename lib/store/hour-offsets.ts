import type { PlanSpans } from "./plan-spans.ts";
import { halvesOf, hourClock } from "./time-halves.ts";

/** Per entry of `rows`, all of which start in the hour: nanoseconds from its begin, below 2^42. */
export function hourOffsets({ startNanos }: PlanSpans, hour: number, rows: Uint32Array): Float64Array {
  const starts = halvesOf(startNanos);
  const since = hourClock(hour);
  const offsets = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const at = (rows[i] as number) * 2;
    offsets[i] = since(starts[at] as number, starts[at + 1] as number);
  }
  return offsets;
}

/** The shortest and the longest of the rows from `first` to before `end`. */
export function durationRange(
  { durationNanos }: PlanSpans,
  rows: Uint32Array,
  first: number,
  end: number,
): readonly [least: bigint, most: bigint] {
  const halves = halvesOf(durationNanos);
  let least = rows[first] as number;
  let most = least;
  for (let i = first; i < end; i++) {
    const row = rows[i] as number;
    if (isLess(halves, row, least)) least = row;
    if (isLess(halves, most, row)) most = row;
  }
  return [durationNanos[least] as bigint, durationNanos[most] as bigint];
}

function isLess(halves: Uint32Array, a: number, b: number): boolean {
  const [highA, highB] = [halves[a * 2 + 1] as number, halves[b * 2 + 1] as number];
  return highA < highB || (highA === highB && (halves[a * 2] as number) < (halves[b * 2] as number));
}
