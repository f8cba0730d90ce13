import type { HourCounted } from "./count-hour.ts";
import { EdgeJoin, type HashRange, type JoinedEdges, type WaitingReference } from "./edge-join.ts";
import { EdgeSums } from "./edge-sums.ts";
import { bodiesOf, type HourBodies } from "./hour-bodies.ts";
import { MAX_WAITING } from "./large-hour.ts";
import { readEdgeCounts } from "./read.ts";
import type { RollLimits, RollOptions } from "./roll-options.ts";

/** Hashes have 48 bits. */
const HASHES = 2 ** 48;
/** A trace's halves share this many upper bits of them, so each run of such hashes is joined alone. */
const MOST_RANGES = 256;

export interface HourEdges extends JoinedEdges {
  /** Of plans made before `fromAt`. */
  readonly waiting: readonly WaitingReference[];
}

interface JoinOptions extends RollOptions {
  /** Plans of the hour before count from then on, milliseconds since the epoch. */
  readonly aroundFrom?: number;
}

/** Joins the calls of an hour's plans, as many halves at a time as may be held. */
export async function joinHour(
  options: JoinOptions,
  own: HourBodies,
  { halves, fromAt }: HourCounted,
  limits: RollLimits,
): Promise<HourEdges> {
  const sums = new EdgeSums();
  const waiting: WaitingReference[] = [];
  const cut = Math.min(Math.max(1, Math.ceil(halves / limits.halves)), MOST_RANGES);
  const end = (n: number): number => Math.ceil((n * MOST_RANGES) / cut) * (HASHES / MOST_RANGES);
  for (let n = 0; n < cut; n++) {
    const { join, old } = await joinRange(options, own, { from: end(n), to: end(n + 1) }, fromAt);
    const joined = join.join().get(options.hour);
    if (joined !== undefined) sums.add(joined);
    if (halves >= limits.largeSpans)
      for (const one of join.waiting(old)) if (waiting.length < MAX_WAITING) waiting.push(one);
  }
  return { ...sums.most(limits.edges), waiting };
}

async function joinRange(options: JoinOptions, own: HourBodies, range: HashRange, fromAt: number) {
  const { hour, random, aroundFrom } = options;
  const join = new EdgeJoin(random);
  let old = 0;
  for await (const { at, body } of own()) {
    const counts = readEdgeCounts(body);
    if (range.from === 0) join.addSettled(counts, hour);
    join.add(counts, hour, range);
    if (at < fromAt) old = join.references;
  }
  for (const around of join.size === 0 ? [] : [hour - 1, hour + 1])
    for await (const { body } of bodiesOf(options, around, around < hour ? aroundFrom : 0)())
      join.addAround(readEdgeCounts(body), around, false, range);
  return { join, old };
}
