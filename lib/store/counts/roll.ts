import type { Batches } from "../batches.ts";
import { writeUnits } from "../item-bytes.ts";
import type { Item } from "../items.ts";
import { countsRange, hourTtl, rolledEdgesKey, rolledMinutesKey } from "../keys.ts";
import { SEGMENT_LIMITS } from "../segment/limits.ts";
import { EdgeJoin, type HashRange } from "./edge-join.ts";
import { EdgeSums } from "./edge-sums.ts";
import { HourOperations, MAX_HOUR_OPERATIONS, OperationRanks } from "./hour-operations.ts";
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
}

const LIMITS: RollLimits = {
  itemBytes: SEGMENT_LIMITS.itemBytes,
  operations: MAX_HOUR_OPERATIONS,
  edges: 20_000,
  halves: 4_000_000,
};

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
  const { batches, tenant, hour, mark } = options;
  const limits = { ...LIMITS, ...options.limits };
  const ttl = hourTtl(hour, options.retentionHours);
  const own = bodiesOf(options, hour);
  const { rows, folded, spans, halves } = await operationsOf(own, limits.operations);
  const parts: Item[] = [];
  for (const [service, minutes] of rows)
    for (const [n, body] of writeRolledMinutes(service, minutes, limits.itemBytes).entries())
      parts.push({ ...rolledMinutesKey(tenant, hour, mark, service, n), body, ttl });
  const { edges, unmet } = await joinedEdges(options, own, Math.ceil(halves / limits.halves), limits.edges);
  const heads: Item[] = [];
  for (const [n, body] of writeRolledEdges(edges, unmet, limits.itemBytes).entries())
    (n === 0 ? heads : parts).push({ ...rolledEdgesKey(tenant, hour, mark, n), body, ttl });
  await batches.putAll(parts);
  await batches.putAll(heads);
  const written = [...parts, ...heads];
  return {
    ...{ spans, edges: edges.length, unmet, foldedOperations: folded, items: written.length },
    writeUnits: written.reduce((sum, item) => sum + writeUnits(item), 0),
  };
}

/** Bodies that are held from one round to the next; an hour of more is read again each time. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

type HourBodies = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Bodies of all plans of an hour made before the mark, in the order of their keys, as often as they are asked for. */
function bodiesOf({ batches, tenant, mark }: RollOptions, hour: number): HourBodies {
  const range = countsRange(tenant, hour, 0, mark - 1);
  let held: Uint8Array[] | undefined;
  async function* read() {
    const kept: Uint8Array[] = [];
    let bytes = 0;
    for await (const items of batches.queryAll({ ...range, consistent: true }))
      for (const { body } of items) {
        bytes += body.length;
        if (bytes <= MAX_HELD_BYTES) kept.push(body);
        yield body;
      }
    if (bytes <= MAX_HELD_BYTES) held = kept;
  }
  return () => held ?? read();
}

/** Adds the operations up; in an hour with more than may keep their names it takes another round to find those. */
async function operationsOf(bodies: HourBodies, most: number) {
  const ranks = new OperationRanks();
  const all = new HourOperations();
  let [spans, halves, foldedByPlans] = [0, 0, 0];
  for await (const body of bodies()) {
    const counts = readOperationCounts(body);
    halves += counts.halves;
    foldedByPlans += counts.foldedOperations;
    for (const minute of counts.minutes) {
      spans += minute.calls;
      ranks.add(minute);
      if (ranks.size <= most) all.add(minute);
    }
  }
  if (ranks.size <= most) return { rows: all.rows(), folded: foldedByPlans, spans, halves };
  const kept = ranks.kept(most);
  const operations = new HourOperations(kept);
  for await (const body of bodies()) for (const minute of readOperationCounts(body).minutes) operations.add(minute);
  return { rows: operations.rows(), folded: foldedByPlans + kept.folded, spans, halves };
}

async function joinedEdges(options: RollOptions, own: HourBodies, ranges: number, mostEdges: number) {
  const sums = new EdgeSums();
  const cut = Math.min(Math.max(1, ranges), MOST_RANGES);
  const end = (n: number): number => Math.ceil((n * MOST_RANGES) / cut) * (HASHES / MOST_RANGES);
  for (let n = 0; n < cut; n++) {
    const joined = await joinRange(options, own, { from: end(n), to: end(n + 1) });
    if (joined !== undefined) sums.add(joined);
  }
  return sums.most(mostEdges);
}

async function joinRange(options: RollOptions, own: HourBodies, range: HashRange) {
  const { hour, random } = options;
  const join = new EdgeJoin(random);
  for await (const body of own()) {
    const counts = readEdgeCounts(body);
    if (range.from === 0) join.addSettled(counts, hour);
    join.add(counts, hour, range);
  }
  for (const around of join.size === 0 ? [] : [hour - 1, hour + 1])
    for await (const body of bodiesOf(options, around)()) join.addAround(readEdgeCounts(body), around, false, range);
  return join.join().get(hour);
}
