import { type Clock, MILLIS_PER_HOUR } from "../model/time.ts";
import { advance, type Claim } from "./claim.ts";
import { ENDS_THE_PROCESS, whyUndecodable } from "./decode-alone.ts";
import type { KeptNote, KeptRecords } from "./kept-records.ts";
import { closePlan, putPlan } from "./plan-state.ts";
import type { Indexed, Indexer, ReaderStates, StreamRecord } from "./port.ts";
import { isAfter } from "./sequence.ts";

export interface ReplayKeptOptions {
  readonly kept: KeptRecords;
  readonly states: ReaderStates;
  readonly indexer: Indexer;
  readonly clock: Clock;
  /** How long spans can be found after they came. */
  readonly retentionHours: number;
  /** The stream's. A plan that was left open longer ago counts for nothing (rollup has gone on without it). */
  readonly streamRetentionSeconds: number;
  /** Says what would be done, and does nothing. */
  readonly isDry: boolean;
  /** Records to be replayed, as shard/number; without it all but those that ended the process. */
  readonly only?: ReadonlySet<string>;
}

/** What became of a record, or would. */
export type Replayed =
  | ({ readonly kind: "replayed" } & Indexed)
  /** It can be read now. */
  | { readonly kind: "ready" }
  /** Its note alone was left, and is put away: another replay indexed it, or somebody else removed it. */
  | { readonly kind: "gone" }
  /** It stays where it is. */
  | { readonly kind: "stays"; readonly reason: string };

/** A record's name for people, and in `only`. */
export const nameOfKept = ({ shardId, sequenceNumber }: KeptNote): string => `${shardId}/${sequenceNumber}`;

/**
 * Indexes what was set aside and can be read by now, record by record, exactly once: a plan of its own is written before
 * anything is done, under an item beside the shard's, then the table, then the record is taken away, then the plan is
 * closed, then its note goes. Whoever comes after a death finds where it was; several at once write the same.
 */
export async function* replayKept(options: ReplayKeptOptions): AsyncGenerator<readonly [KeptNote, Replayed]> {
  for (const note of await options.kept.notes()) {
    const isNamed = options.only?.has(nameOfKept(note));
    if (isNamed === false) continue;
    yield [note, await replayOne(note, isNamed === true, options)];
  }
}

async function replayOne(note: KeptNote, isNamed: boolean, options: ReplayKeptOptions): Promise<Replayed> {
  const { kept, states, indexer, clock, retentionHours, isDry } = options;
  const data = await kept.data(note);
  if (data === undefined) {
    if (!isDry) await putAway(note, options);
    return { kind: "gone" };
  }
  const record: StreamRecord = { ...note, data };
  if (clock() - note.arrivedMillis > retentionHours * MILLIS_PER_HOUR)
    return { kind: "stays", reason: `it came more than ${retentionHours} hours ago, and could not be found any more` };
  if (note.reason === ENDS_THE_PROCESS && !isNamed) return { kind: "stays", reason: note.reason };
  const { done, version } = await states.load(note.shardId);
  // A plan that is not done yet may set the record aside once more, after we have taken it away.
  if (version > 0 && (done === undefined || isAfter(note.sequenceNumber, done)))
    return { kind: "stays", reason: "the indexer has not finished the plan that it belongs to" };
  const reason = whyUndecodable(indexer, record);
  if (reason !== undefined) return { kind: "stays", reason };
  return isDry ? { kind: "ready" } : replay(note, record, options);
}

/** The item beside the shard's: rollup sees it as one shard more. */
const claimOf = async ({ shardId }: KeptNote, states: ReaderStates): Promise<Claim> => {
  const beside = `replay/${shardId}`;
  return { shardId: beside, states, state: await states.load(beside) };
};

async function replay(note: KeptNote, record: StreamRecord, options: ReplayKeptOptions): Promise<Replayed> {
  const { kept, states, indexer } = options;
  const claim = await claimOf(note, states);
  await planFor(claim, record, options);
  // Another replay may have done it while we waited for our plan.
  const isThere = (await kept.data(note)) !== undefined;
  const { plan } = claim.state;
  if (plan === undefined || !isThere) {
    await putAway(note, options);
    return { kind: "gone" };
  }
  const indexed = await indexer.index(plan, claim.shardId, [record]);
  await kept.removeData(note);
  await closePlan(claim, plan);
  await kept.removeNote(note);
  return { kind: "replayed", ...indexed };
}

/** The plan of this record: one that an earlier replay left open, or a new one, once no other's is open. */
async function planFor(claim: Claim, record: StreamRecord, options: ReplayKeptOptions): Promise<void> {
  const { clock, streamRetentionSeconds } = options;
  for (;;) {
    const { version, plan } = claim.state;
    if (version === 0) await advance(claim, (state) => state);
    else if (plan === undefined) await putPlan(claim, [record], options);
    else {
      const isForgotten = clock() - plan.at > streamRetentionSeconds * 1000;
      if (plan.first === record.sequenceNumber && !isForgotten) return;
      await finishOther(claim, options, isForgotten);
    }
  }
}

/** What another replay began: its record is indexed under the plan that it has, and taken away, unless that is done. */
async function finishOther(claim: Claim, options: ReplayKeptOptions, isForgotten: boolean): Promise<void> {
  const { kept, indexer } = options;
  const { plan } = claim.state;
  if (plan === undefined) return;
  const notes = await kept.notes();
  const note = notes.find((one) => `replay/${one.shardId}` === claim.shardId && one.sequenceNumber === plan.first);
  const data = note && !isForgotten ? await kept.data(note) : undefined;
  if (note !== undefined && data !== undefined) {
    await indexer.index(plan, claim.shardId, [{ ...note, data }]);
    await kept.removeData(note);
  }
  await closePlan(claim, plan);
}

/** There is no record any more: the plan that may still be open for it is closed, and the note goes. */
async function putAway(note: KeptNote, { kept, states }: ReplayKeptOptions): Promise<void> {
  const claim = await claimOf(note, states);
  if (claim.state.plan?.first === note.sequenceNumber) await closePlan(claim, claim.state.plan);
  await kept.removeNote(note);
}
