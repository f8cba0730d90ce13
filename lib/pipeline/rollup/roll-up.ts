import type { Clock } from "../../model/time.ts";
import type { Batches } from "../../store/batches.ts";
import type { Registers } from "../../store/items.ts";
import { hourTtl, minuteOf } from "../../store/keys.ts";
import type { RollupState } from "../../store/rollup-states.ts";
import { type Closed, closeHours } from "./close-hours.ts";
import { headCounter } from "./head-counter.ts";
import { rollupHours } from "./hours.ts";
import { OPEN_HEADS } from "./next-merge.ts";
import { newestPlan, planClock } from "./plan-clock.ts";
import { loadProgress, type Progress } from "./progress.ts";
import { raiseIdle } from "./raise-idle.ts";
import { longOpen, markOf, readerShards, textOfShards } from "./shards.ts";
import { readWork, type TenantHour, tenantHourText } from "./work-list.ts";

/** What one merge is told; what there is to do it finds out itself. */
export interface MergeTask extends TenantHour {
  /** Heads made before this, milliseconds since the epoch, are all there. */
  readonly mark: number;
  /** All of the hour's heads are there but late ones. */
  readonly isClosing: boolean;
  /** Heads that are worth a merge, where that is not as many as usual. */
  readonly openHeads?: number;
  /** An hour of which counts came while this one was under way: all there is to do is to roll it again. */
  readonly late?: number | undefined;
}

export interface RollupOptions {
  readonly batches: Batches;
  readonly registers: Registers;
  readonly clock: Clock;
  readonly retentionHours: number;
  /** Longer than this no merge lives. */
  readonly mergeMillis: number;
  /** Merges that one run begins at most. */
  readonly tasksPerRun: number;
  /** Heads that are worth a merge once nobody writes any more, where writes cost nothing; as many as usual without it. */
  readonly quietHeads?: number;
  /** Begins a merge; need not wait for it. */
  readonly dispatch: (task: MergeTask) => Promise<void>;
}

/** What a run did. */
export interface RollupRun {
  /** Merges begun. */
  readonly tasks: number;
  /** Whether the next one would find something to do at once. */
  readonly isBehind: boolean;
  /** Whether nothing had happened since the one before: the table was asked how far readers are, and nothing else. */
  readonly isIdle: boolean;
  /** Shards, and replays of them, whose plan has been open for long: nothing that came after it is merged, no hour closes. */
  readonly waitsFor: readonly string[];
}

/** Minutes of the work list that one run takes up at most: what lay still for days is caught up in steps. */
const MINUTES_PER_RUN = 240;

/** So many may be taken up again by the next process: the next run writes down anyhow, if it is of this one. */
const UNSAVED_MINUTES = 2;

const MINUTE_MILLIS = 60_000;

/** How things stood after a run that left nothing to be done before an item of a shard changes or a time comes. */
interface Settled {
  readonly dueMillis: number;
  /** Whether what is worth a merge in quiet times was looked for. */
  readonly isQuiet: boolean;
}

/**
 * Finds what is to be merged and has it merged. Runs may repeat, overlap and end anywhere: all that they know stands in
 * items, each written on condition that nobody wrote it since, and what a merge does it does once.
 */
export function rollUp(options: RollupOptions): () => Promise<RollupRun> {
  const { batches, registers, clock, retentionHours, dispatch, tasksPerRun, quietHeads = OPEN_HEADS } = options;
  const shards = readerShards(options);
  const hours = rollupHours(options);
  const counter = headCounter(batches, registers);
  const plans = planClock();
  let settled: Settled | undefined;
  /** The shards as the run before left them. */
  let before: string | undefined;
  /** Minutes of the work list before this one were taken up by this process: written down with the next thing that is. */
  let takenUp = 0;
  /** Worth a merge that another one, or too many of them, kept from being begun; and from which minute on it is to be taken up again. */
  const refused = new Map<string, { readonly one: TenantHour; readonly minute: number }>();
  /** The next process finds what was refused, too. */
  const savedMinute = (): number => Math.min(takenUp, ...[...refused.values()].map(({ minute }) => minute));

  /** Begins merges, as many as a run may. */
  function starter() {
    const self = {
      begun: 0,
      refused: 0,
      async begin(task: MergeTask): Promise<boolean> {
        if (self.begun >= tasksPerRun) self.refused++;
        if (self.begun >= tasksPerRun || !(await hours.claim(task))) return false;
        self.begun++;
        try {
          await dispatch(task);
        } catch (fault) {
          await hours.release(task, false);
          throw fault;
        }
        return true;
      },
    };
    return self;
  }

  /** What waits to be closed, and what came late and waits for the hour in which it came; not what has expired. */
  async function waiting(rolled: number): Promise<readonly TenantHour[]> {
    return (await hours.from(rolled + 1))
      .filter(({ isClosed }) => !isClosed)
      .map(({ tenant, hour, late = hour }) => ({ tenant, hour: late }))
      .filter(({ hour }) => hourTtl(hour, retentionHours) * 1000 > clock());
  }

  /** What has come; it is seen to that it is among what waits. */
  async function noted(
    { rolled, closed }: RollupState,
    minute: number,
    last: number,
  ): Promise<ReadonlyMap<string, TenantHour>> {
    const work = await readWork(batches, minute, last);
    for (const one of work.values()) {
      if (one.hour > rolled) await hours.note(one);
      // What came before the hour's fence is merged when it closes, however long that takes; what comes after it is late,
      // and its counts are noted under the hour it came in: one that is still to be closed.
      if (one.hour <= closed)
        await hours.note({ ...one, hour: Math.max(hourOfMinute(last), closed + 1), late: one.hour });
    }
    return work;
  }

  /** Takes up what the work list says, to a minute of which all heads may be there. */
  async function takeUp(
    progress: Progress,
    { mark, openHeads }: { readonly mark: number; readonly openHeads: number },
    begin: (task: MergeTask) => Promise<boolean>,
  ): Promise<void> {
    const { rolled, closed } = progress.state;
    const minute = Math.max(takenUp, progress.state.minute);
    const last = Math.min(minuteOf(mark), minute + MINUTES_PER_RUN);
    const isQuiet = openHeads < OPEN_HEADS;
    const work = new Map([...refused].map(([text, { one }]) => [text, one]));
    // Few heads may lie in any hour that is to be closed, whichever process saw them come.
    if (isQuiet) for (const one of await waiting(rolled)) work.set(tenantHourText(one), one);
    for (const [text, one] of await noted(progress.state, minute, last)) work.set(text, one);
    const common = { mark, isClosing: false, ...(isQuiet ? { openHeads } : {}) };
    for (const [text, one] of work) {
      const isLate = one.hour <= closed;
      const isWorth = (await counter.count(one, mark, isLate)) >= openHeads;
      if (isWorth && !(await begin({ ...one, ...common }))) {
        refused.set(text, { one, minute: refused.get(text)?.minute ?? minute });
        continue;
      }
      refused.delete(text);
      if (isWorth) counter.forget(one, isLate);
    }
    takenUp = last;
    if (savedMinute() > progress.state.minute + UNSAVED_MINUTES) await progress.advance({ minute: savedMinute() });
  }

  return async () => {
    const nowMillis = clock();
    const found = await shards.read();
    const waitsFor = longOpen(found, nowMillis);
    const isQuiet = before === textOfShards(found);
    if (settled !== undefined && isQuiet && nowMillis < settled.dueMillis && settled.isQuiet)
      return { tasks: 0, isBehind: false, isIdle: true, waitsFor };
    settled = undefined;
    before = undefined;
    if (found.length === 0) return { tasks: 0, isBehind: false, isIdle: true, waitsFor };
    const newest = newestPlan(found);
    const progress = await loadProgress(registers, { nowMillis, newestMillis: newest, retentionHours });
    const { reach, closing } = plans.read(nowMillis, newest, progress.state.until);
    // Before shards are looked for: one that has no item by then begins above it.
    const { floor, minute } = progress.state;
    await progress.advance({ floor: Math.max(floor, reach), minute: Math.max(minute, savedMinute()) });
    const known = await raiseIdle(shards, await shards.read(), progress.state, reach);
    plans.raised(newestPlan(known));
    const mark = Math.min(markOf(known), progress.state.floor);
    const start = starter();
    await takeUp(progress, { mark, openHeads: isQuiet ? quietHeads : OPEN_HEADS }, start.begin);
    const closed = await closeHours({
      ...{ hours, progress, shards, nowMillis: closing, retentionHours, takenUp, known },
      begin: (one) => start.begin({ ...one, mark, isClosing: true }),
    });
    const isBehind = takenUp < minuteOf(mark) || start.refused > 0;
    // Else the next run follows at once: that nothing has happened by then says nothing.
    if (!isBehind) before = textOfShards(closed.known);
    if (!isBehind && !closed.isWaiting && refused.size === 0)
      settled = {
        dueMillis: dueMillis(closed, takenUp, nowMillis),
        isQuiet: isQuiet || quietHeads >= OPEN_HEADS,
      };
    return { tasks: start.begun, isBehind, isIdle: false, waitsFor };
  };
}

const hourOfMinute = (minute: number): number => Math.floor(minute / 60);

/** When there is something to do though no shard's item has changed. */
function dueMillis({ known, dueMillis: nextClosing }: Closed, takenUp: number, nowMillis: number): number {
  const isTakenUp = known.every(({ lastAt }) => minuteOf(lastAt) < takenUp);
  return isTakenUp ? nextClosing : Math.min(nextClosing, nowMillis - (nowMillis % MINUTE_MILLIS) + MINUTE_MILLIS);
}
