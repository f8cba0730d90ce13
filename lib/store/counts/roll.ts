import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { writeUnits } from "../item-bytes.ts";
import type { Item } from "../items.ts";
import { countsRange, hourTtl, readCountsKey } from "../keys.ts";
import { largeHourKey, largeHourRange, readRolledKey, rolledEdgesKey, rolledMinutesKey } from "../rolled-keys.ts";
import { SEGMENT_LIMITS } from "../segment/limits.ts";
import { EdgeJoin, type HashRange, type JoinedEdges, type WaitingReference } from "./edge-join.ts";
import { EdgeSums } from "./edge-sums.ts";
import { HourOperations, MAX_HOUR_OPERATIONS, OperationRanks } from "./hour-operations.ts";
import { LARGE_SPANS, readLargeHour, writeLargeHour, writeWaiting } from "./large-hour.ts";
import type { MinuteRow } from "./minutes.ts";
import type { NewBody } from "./new-bodies.ts";
import { newestMark } from "./newest-mark.ts";
import { readEdgeCounts, readOperationCounts } from "./read.ts";
import { writeRolledEdges, writeRolledMinutes } from "./write-rolled.ts";

export interface RollOptions {
  readonly batches: Batches;
  readonly tenant: string;
  /** Hours since the epoch. */
  readonly hour: number;
  /** Milliseconds since the epoch: every plan made before is finished, and none made before is to come. */
  readonly mark: number;
  readonly retentionHours: number;
  /** In [0, 1); what is written does not depend on it. */
  readonly random: () => number;
  readonly limits?: Partial<RollLimits>;
}

interface RollLimits {
  readonly itemBytes: number;
  readonly operations: number;
  readonly edges: number;
  /** Halves that are joined at a time: each takes about 40 bytes. */
  readonly halves: number;
  /** Spans from which an hour is large. */
  readonly largeSpans: number;
  /** Spans of a large hour that are read once more. */
  readonly windowSpans: number;
}

const LIMITS: RollLimits = {
  itemBytes: SEGMENT_LIMITS.itemBytes,
  operations: MAX_HOUR_OPERATIONS,
  edges: 20_000,
  halves: 4_000_000,
  largeSpans: LARGE_SPANS,
  windowSpans: 500_000,
};

/** Of a large hour; those beyond wait for the next roll. */
const MAX_WAITING = 100_000;

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

/** Hashes have 48 bits. */
const HASHES = 2 ** 48;
/** A trace's halves share this many upper bits of them, so each run of such hashes is joined alone. */
const MOST_RANGES = 256;

/**
 * Rolls what the plans made before `mark` counted in an hour into items that are read instead (docs/format.md, "Rolled
 * counts"). All of it follows from the mark, and the item by which the others are found is put last: repeated, overlapping
 * and crashed rolls change nothing. The calls that reach over an hour's end are there once the hour after it is closed.
 */
export async function rollCounts(options: RollOptions): Promise<RollReport> {
  const limits = { ...LIMITS, ...options.limits };
  const own = bodiesOf(options, options.hour);
  const counted = await operationsOf(own, limits);
  const joined = await joinedEdges(options, own, counted, limits);
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
  const limits = { ...LIMITS, ...options.limits };
  const own = bodiesOf(options, options.hour);
  const counted = await operationsOf(own, limits);
  if (counted.halves < limits.largeSpans) return;
  const aroundFrom = options.hour * MILLIS_PER_HOUR - AROUND_MILLIS;
  const joined = await joinedEdges({ ...options, aroundFrom }, own, counted, limits);
  const { parts, heads } = largeItems(options, counted, joined, limits);
  await options.batches.putAll(parts);
  await options.batches.putAll(heads);
}

/** Whether counts of an hour, or of one beside it, came after it was rolled last. */
export async function isOutdated(batches: Batches, { tenant, hour }: Pick<RollOptions, "tenant" | "hour">) {
  const mark = await newestMark(batches, tenant, hour);
  for (const one of [hour, hour - 1, hour + 1])
    for await (const _ of batches.queryAll({ ...countsRange(tenant, one, mark), limit: 1, consistent: true }))
      return true;
  return false;
}

/** Of how many spans an hour was rolled that is large; 0 where it was not. */
export async function rolledSpans(batches: Batches, { tenant, hour }: Pick<RollOptions, "tenant" | "hour">) {
  const query = { ...largeHourRange(tenant, hour), descending: true, consistent: true };
  for await (const items of batches.queryAll(query))
    for (const { sk, body } of items) if (readRolledKey(sk).n === 0) return readLargeHour(body).spans;
  return 0;
}

/** Items, and those by which they are found. */
interface RolledItems {
  readonly parts: readonly Item[];
  readonly heads: readonly Item[];
}

const NOTHING: RolledItems = { parts: [], heads: [] };

function minuteItems(
  { tenant, hour, mark, retentionHours }: RollOptions,
  rows: ReadonlyMap<string, readonly MinuteRow[]>,
  { itemBytes }: RollLimits,
): Item[] {
  const ttl = hourTtl(hour, retentionHours);
  return [...rows].flatMap(([service, minutes]) =>
    writeRolledMinutes(service, minutes, itemBytes).map((body, n) => ({
      ...{ ...rolledMinutesKey(tenant, hour, mark, service, n), body, ttl },
    })),
  );
}

function edgeItems(options: RollOptions, { edges, unmet }: HourEdges, { itemBytes }: RollLimits): RolledItems {
  const { tenant, hour, mark, retentionHours } = options;
  const ttl = hourTtl(hour, retentionHours);
  const [head, ...parts] = writeRolledEdges(edges, unmet, itemBytes).map((body, n) => ({
    ...{ ...rolledEdgesKey(tenant, hour, mark, n), body, ttl },
  }));
  return { parts, heads: head === undefined ? [] : [head] };
}

function largeItems(
  { tenant, hour, mark, retentionHours }: RollOptions,
  { halves, fromAt }: HourCounted,
  { edges, unmet, waiting }: HourEdges,
  { itemBytes }: RollLimits,
): RolledItems {
  const ttl = hourTtl(hour, retentionHours);
  const bodies = writeWaiting(waiting, itemBytes);
  const large = { bodies: bodies.length, spans: halves, fromAt, joined: { edges, unmet } };
  return {
    parts: bodies.map((body, n) => ({ ...largeHourKey(tenant, hour, mark, n + 1), body, ttl })),
    heads: [{ ...largeHourKey(tenant, hour, mark, 0), body: writeLargeHour(large, itemBytes), ttl }],
  };
}

/** Bodies that are held from one round to the next; an hour of more is read again each time. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

type HourBodies = () => AsyncIterable<NewBody> | Iterable<NewBody>;

/** Bodies of all plans of an hour made before the mark, in the order of their keys, as often as they are asked for. */
function bodiesOf({ batches, tenant, mark }: RollOptions, hour: number, fromAt = 0): HourBodies {
  const range = countsRange(tenant, hour, fromAt, mark - 1);
  let held: NewBody[] | undefined;
  async function* read() {
    const kept: NewBody[] = [];
    let bytes = 0;
    for await (const items of batches.queryAll({ ...range, consistent: true }))
      for (const { sk, body } of items) {
        const one = { at: readCountsKey(sk).at, body };
        bytes += body.length;
        if (bytes <= MAX_HELD_BYTES) kept.push(one);
        yield one;
      }
    if (bytes <= MAX_HELD_BYTES) held = kept;
  }
  return () => held ?? read();
}

/** What an hour's plans counted of operations. */
interface HourCounted {
  readonly rows: ReadonlyMap<string, readonly MinuteRow[]>;
  readonly folded: number;
  readonly spans: number;
  readonly halves: number;
  /** The newest spans, as many as are read once more, are those of plans made from then on; milliseconds since the epoch. */
  readonly fromAt: number;
}

/** Adds the operations up; in an hour with more than may keep their names it takes another round to find those. */
async function operationsOf(bodies: HourBodies, { operations: most, windowSpans }: RollLimits): Promise<HourCounted> {
  const ranks = new OperationRanks();
  const all = new HourOperations();
  const plans: { at: number; halves: number }[] = [];
  let [spans, halves, foldedByPlans] = [0, 0, 0];
  for await (const { at, body } of bodies()) {
    const counts = readOperationCounts(body);
    halves += counts.halves;
    plans.push({ at, halves: counts.halves });
    foldedByPlans += counts.foldedOperations;
    for (const minute of counts.minutes) {
      spans += minute.calls;
      ranks.add(minute);
      if (ranks.size <= most) all.add(minute);
    }
  }
  const fromAt = newestFrom(plans, windowSpans);
  if (ranks.size <= most) return { rows: all.rows(), folded: foldedByPlans, spans, halves, fromAt };
  const kept = ranks.kept(most);
  const operations = new HourOperations(kept);
  for await (const { body } of bodies()) for (const minute of readOperationCounts(body).minutes) operations.add(minute);
  return { rows: operations.rows(), folded: foldedByPlans + kept.folded, spans, halves, fromAt };
}

/** From when on there are so many, milliseconds since the epoch; 0 where there are not. */
function newestFrom(plans: readonly { readonly at: number; readonly halves: number }[], count: number): number {
  let found = 0;
  for (const { at, halves } of plans.toReversed()) {
    found += halves;
    if (found >= count) return at;
  }
  return 0;
}

interface HourEdges extends JoinedEdges {
  /** Of plans made before `fromAt`. */
  readonly waiting: readonly WaitingReference[];
}

interface JoinOptions extends RollOptions {
  /** Plans of the hour before count from then on, milliseconds since the epoch. */
  readonly aroundFrom?: number;
}

async function joinedEdges(
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
