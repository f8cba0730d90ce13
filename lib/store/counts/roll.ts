import { MILLIS_PER_HOUR } from "../../model/time.ts";
import { writeUnits } from "../item-bytes.ts";
import { countHour } from "./count-hour.ts";
import { bodiesOf } from "./hour-bodies.ts";
import { joinHour } from "./join-hour.ts";
import { ROLL_LIMITS, type RollOptions } from "./roll-options.ts";
import { edgeItems, largeItems, minuteItems, type RolledItems } from "./rolled-items.ts";

/** What is called early in an hour that is under way is looked for in the one before as far back as this; once it is over, in all of it. */
const AROUND_MILLIS = 10 * 60_000;

/** What an hour came to; for metrics. */
export interface RollReport {
  readonly spans: number;
  readonly edges: number;
  /** References to spans that neither this hour nor the ones around it hold. */
  readonly unmet: number;
  /** Operations that are counted without their names; at least. */
  readonly foldedOperations: number;
  readonly items: number;
  readonly writeUnits: number;
}

const NOTHING: RolledItems = { parts: [], heads: [] };

/**
 * Rolls what the plans made before `mark` counted in an hour into items that are read instead (docs/format.md, "Rolled
 * counts"). All of it follows from the mark, and the item by which the others are found is put last: repeated, overlapping
 * and crashed rolls change nothing. The calls that reach over an hour's end are there once the hour after it is closed.
 */
export async function rollCounts(options: RollOptions): Promise<RollReport> {
  const limits = { ...ROLL_LIMITS, ...options.limits };
  const own = bodiesOf(options, options.hour);
  const counted = await countHour(own, limits);
  const joined = await joinHour(options, own, counted, limits);
  const edges = edgeItems(options, joined, limits);
  const large = counted.halves < limits.largeSpans ? NOTHING : largeItems(options, counted, joined, limits);
  const parts = [...minuteItems(options, counted.rows, limits), ...edges.parts, ...large.parts];
  const heads = [...large.heads, ...edges.heads];
  await options.batches.putAll(parts);
  await options.batches.putAll(heads);
  const written = [...parts, ...heads];
  return {
    ...{ spans: counted.spans, edges: joined.edges.length, unmet: joined.unmet, foldedOperations: counted.folded },
    ...{ items: written.length, writeUnits: written.reduce((sum, item) => sum + writeUnits(item), 0) },
  };
}

/** Of an hour that is under way, and of so many spans that whoever asks must not join them all: what its plans made before `mark` come to so far. */
export async function rollOpenCounts(options: RollOptions): Promise<void> {
  const limits = { ...ROLL_LIMITS, ...options.limits };
  const own = bodiesOf(options, options.hour);
  const counted = await countHour(own, limits);
  if (counted.halves < limits.largeSpans) return;
  const aroundFrom = options.hour * MILLIS_PER_HOUR - AROUND_MILLIS;
  const joined = await joinHour({ ...options, aroundFrom }, own, counted, limits);
  const { parts, heads } = largeItems(options, counted, joined, limits);
  await options.batches.putAll(parts);
  await options.batches.putAll(heads);
}
