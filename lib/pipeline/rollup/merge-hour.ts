import type { Clock } from "../../model/time.ts";
import type { Batches } from "../../store/batches.ts";
import { isOutdated } from "../../store/counts/is-outdated.ts";
import { LARGE_SPANS } from "../../store/counts/large-hour.ts";
import { rollCounts, rollOpenCounts } from "../../store/counts/roll.ts";
import type { RollOptions } from "../../store/counts/roll-options.ts";
import { rolledSpans } from "../../store/counts/rolled-spans.ts";
import type { Item, Registers } from "../../store/items.ts";
import { hourTtl, mergedInputsKey, mergedTermsKey, mergedTracesKey } from "../../store/keys.ts";
import { type MergedItem, mergeSegments } from "../../store/merge/merge-segments.ts";
import type { HourSummary, MergedHead } from "../../store/merge/types.ts";
import { hourHeads } from "./hour-heads.ts";
import { rollupHours } from "./hours.ts";
import { mergedSource, partReader, segmentSource } from "./merge-sources.ts";
import { type Merge, nextMerge } from "./next-merge.ts";
import type { MergeTask } from "./roll-up.ts";
import { loadSummary, saveSummary } from "./summaries.ts";
import type { TenantHour } from "./work-list.ts";

export interface MergeHourOptions {
  readonly batches: Batches;
  readonly registers: Registers;
  readonly clock: Clock;
  readonly retentionHours: number;
  /** Longer than this no merge lives. After half of it nothing new is begun. */
  readonly mergeMillis: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Spans from which an hour is too many for whoever asks about its calls. */
  readonly largeSpans?: number;
}

/** What came of a task. */
export interface MergedHour {
  readonly merges: number;
  /** Spans of what was written, those merged twice counted twice. */
  readonly spans: number;
  /** Whether the hour's summary says that it is closed. */
  readonly isClosed: boolean;
}

/** Items of a merged segment that are written while the next ones are made. */
const ITEMS_AT_ONCE = 100;

/** Does what a task says, and says in its item that it is done. */
export function mergeHour(task: MergeTask, options: MergeHourOptions): Promise<MergedHour> {
  return task.late === undefined ? mergeHeads(task, options) : rollLate(task, task.late, options);
}

/** Calls reach over an hour's ends: with it those beside it are rolled again, where they are closed. */
async function rollLate(task: MergeTask, late: number, options: MergeHourOptions): Promise<MergedHour> {
  const { batches, registers, clock, retentionHours } = options;
  const { tenant, mark } = task;
  for (const hour of [late, late - 1, late + 1]) {
    const isKept = hourTtl(hour, retentionHours) * 1000 > clock();
    // One of which nothing came in time has nothing to be closed.
    const isClosed = hour === late || (await loadSummary(registers, { tenant, hour })).summary.isClosed;
    if (!isKept || !isClosed) continue;
    if (await isOutdated(batches, { tenant, hour })) await rollCounts(rollOf(options, { tenant, hour, mark }));
  }
  await rollupHours(options).release(task, true);
  return { merges: 0, spans: 0, isClosed: false };
}

/**
 * Merges what there is to merge of an hour, one merge after the other, and rolls its counts when it is closed; what is left when the
 * time is up a later task finds. A summary is written last, on condition that nobody wrote it since: whoever comes second has only lost time.
 */
async function mergeHeads(task: MergeTask, options: MergeHourOptions): Promise<MergedHour> {
  const { registers, clock, retentionHours, mergeMillis } = options;
  const end = clock() + mergeMillis / 2;
  let merges = 0;
  let spans = 0;
  for (;;) {
    const known = await loadSummary(registers, task);
    const { summary, made } = await advance(task, known.summary, options);
    const isDone = summary === known.summary;
    const isSaved = isDone || (await saveSummary(registers, task, { ...known, summary }, retentionHours));
    if (isSaved && made !== undefined) {
      merges++;
      spans += made.spans;
    }
    if (!isDone && clock() < end) continue;
    const isClosed = isSaved && summary.isClosed;
    if (isClosed && (task.isClosing || merges > 0)) await rollHourCounts(task, options);
    if (isSaved && !isClosed && merges > 0) await rollWhileOpen(task, summary, options);
    await rollupHours(options).release(task, isClosed);
    return { merges, spans, isClosed };
  }
}

/** Rolls a large hour that is under way, each time that so much has come that nobody should join it. */
async function rollWhileOpen(task: MergeTask, { merged }: HourSummary, options: MergeHourOptions): Promise<void> {
  const { largeSpans = LARGE_SPANS, batches } = options;
  const spans = merged.reduce((sum, one) => sum + one.spans, 0);
  if (spans < largeSpans) return;
  const before = await rolledSpans(batches, task);
  if (spans - before >= largeSpans) await rollOpenCounts(rollOf(options, task));
}

const rollOf = (
  { batches, retentionHours, random, largeSpans = LARGE_SPANS }: MergeHourOptions,
  { tenant, hour, mark }: Pick<MergeTask, "tenant" | "hour" | "mark">,
): RollOptions => ({ ...{ batches, retentionHours, random, tenant, hour, mark }, limits: { largeSpans } });

/** The hour before is rolled again: calls reach over its end, and what they come from is all there only now. */
async function rollHourCounts({ tenant, hour, mark }: MergeTask, options: MergeHourOptions): Promise<void> {
  await rollCounts(rollOf(options, { tenant, hour, mark }));
  const before = await loadSummary(options.registers, { tenant, hour: hour - 1 });
  if (before.summary.isClosed) await rollCounts(rollOf(options, { tenant, hour: hour - 1, mark }));
}

interface Advanced {
  /** The same as before when nothing is left to be done. */
  readonly summary: HourSummary;
  readonly made: MergedHead | undefined;
}

/** Does the next merge of the hour; of late heads, when all others are done with. */
async function advance(task: MergeTask, summary: HourSummary, options: MergeHourOptions): Promise<Advanced> {
  const { mark, isClosing, openHeads } = task;
  if (!summary.isClosed) {
    const times = { from: summary.mark, before: mark };
    const heads = await hourHeads(options.batches, task, times, false);
    const merge = nextMerge({ merged: summary.merged, heads, mark, isClosing, openHeads });
    if (merge !== undefined) {
      const made = await write(task, merge, false, options);
      const next = {
        ...summary,
        merged: replaced(summary.merged, merge, made),
        mark: Math.max(summary.mark, merge.mark),
      };
      const left = heads.filter(({ at }) => at >= merge.mark);
      const isLast = nextMerge({ merged: next.merged, heads: left, mark, isClosing, openHeads }) === undefined;
      return { summary: { ...next, isClosed: isClosing && isLast }, made };
    }
    if (isClosing)
      return { summary: { ...summary, isClosed: true, mark: Math.max(summary.mark, mark) }, made: undefined };
  }
  const heads = await hourHeads(options.batches, task, { from: summary.markLate, before: mark }, true);
  const merge = nextMerge({ merged: summary.mergedLate, heads, mark, isClosing: false, openHeads });
  if (merge === undefined) return { summary, made: undefined };
  const made = await write(task, merge, true, options);
  const mergedLate = replaced(summary.mergedLate, merge, made);
  return { summary: { ...summary, mergedLate, markLate: merge.mark }, made };
}

const replaced = (merged: readonly MergedHead[], { merged: inputs }: Merge, made: MergedHead): MergedHead[] => [
  ...merged.filter((one) => !inputs.includes(one)),
  made,
];

/** Writes the merged segment's items; nothing leads to them before the summary does. */
async function write(
  { tenant, hour }: TenantHour,
  merge: Merge,
  isLate: boolean,
  { batches, retentionHours }: MergeHourOptions,
): Promise<MergedHead> {
  const read = partReader(batches);
  const { head, items } = mergeSegments([
    ...(await Promise.all(merge.merged.map((one) => mergedSource(tenant, one, read)))),
    ...merge.heads.map((one) => segmentSource({ tenant, hour }, one, isLate, read)),
  ]);
  const ttl = hourTtl(hour, retentionHours);
  let made: Item[] = [];
  let writing = Promise.resolve();
  for await (const { kind, n, body } of items) {
    made.push({ ...KEYS[kind](tenant, head.id, n), body, ttl });
    if (made.length < ITEMS_AT_ONCE) continue;
    await writing;
    writing = batches.putAll(made);
    // Told by the next wait for it.
    writing.catch(() => undefined);
    made = [];
  }
  await writing;
  await batches.putAll(made);
  return head;
}

const KEYS: Readonly<Record<MergedItem["kind"], typeof mergedTermsKey>> = {
  inputs: mergedInputsKey,
  terms: mergedTermsKey,
  traces: mergedTracesKey,
};
