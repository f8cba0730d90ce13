import { TracingError } from "../model/errors.ts";
import type { Clock } from "../model/time.ts";
import { isTransient } from "../runtime/retry.ts";
import { advance, type Claim } from "./claim.ts";
import type { Indexer, Plan, Quarantine, StreamRecord, Suspect } from "./port.ts";

/** A record in whose decoding the process ended so often is not decoded again. */
const MAX_SEEN = 2;

/** Why such a one was set aside. */
export const ENDS_THE_PROCESS = "decoding it ends the process";

export interface DecodeAlone {
  readonly indexer: Pick<Indexer, "check">;
  readonly quarantine: Quarantine;
  readonly clock: Clock;
  /** Called for each record that is set aside. */
  readonly onExcluded: (record: StreamRecord, reason: string) => void;
}

/**
 * Decodes the plan's records one at a time, each named in the item as suspect before, so that the try after a death knows
 * where it came from: it goes on there. Nothing is written to the table meanwhile. False when another invocation has
 * taken the plan over.
 */
export async function decodeAlone(
  claim: Claim,
  records: readonly StreamRecord[],
  options: DecodeAlone,
): Promise<boolean> {
  const resumed = claim.state.plan?.suspect;
  const start = resumed === undefined ? 0 : records.findIndex((record) => record.sequenceNumber === resumed.number);
  let excluded = claim.state.plan?.excluded ?? [];
  try {
    for (const record of records.slice(Math.max(0, start))) {
      const number = record.sequenceNumber;
      if (excluded.includes(number)) continue;
      const seen = resumed?.number === number ? resumed.seen + 1 : 0;
      if (!(await note(claim, { suspect: { number, since: options.clock(), seen }, excluded }))) return false;
      const reason = seen >= MAX_SEEN ? ENDS_THE_PROCESS : whyUndecodable(options.indexer, record);
      if (reason === undefined) continue;
      await setAside(claim.shardId, record, reason, options);
      excluded = [...excluded, number];
    }
    return await note(claim, { suspect: undefined, excluded });
  } catch (fault) {
    await forgetSuspect(claim);
    throw fault;
  }
}

/** Why the record can never be decoded; undefined when it can. */
export function whyUndecodable(indexer: Pick<Indexer, "check">, record: StreamRecord): string | undefined {
  try {
    indexer.check(record);
    return undefined;
  } catch (error) {
    if (isTransient(error)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

export async function setAside(
  shardId: string,
  record: StreamRecord,
  reason: string,
  { quarantine, onExcluded }: Pick<DecodeAlone, "quarantine" | "onExcluded">,
): Promise<void> {
  await quarantine.keep(shardId, record, reason);
  onExcluded(record, reason);
}

/** Changes the open plan; every other field stays. */
export function note(claim: Claim, change: Partial<Plan>): Promise<boolean> {
  return advance(claim, (state) => {
    if (state.plan === undefined) throw new TracingError("internal", `shard ${claim.shardId}: no plan is open`);
    return { ...state, plan: { ...state.plan, ...change } };
  });
}

/**
 * We live, so the fault is not the record's. The item is read again, because the write that failed may be the one that
 * named it. If this cannot be written either, the next try finds the suspect as it is.
 */
async function forgetSuspect(claim: Claim): Promise<void> {
  const ours = claim.state.plan;
  try {
    claim.state = await claim.states.load(claim.shardId);
    const { plan } = claim.state;
    // Whoever tries the plan after us raises `tries` first: what that one names is not ours to forget.
    if (plan?.suspect === undefined || plan.at !== ours?.at || plan.tries !== ours.tries) return;
    await note(claim, { suspect: undefined });
  } catch {
    // What went wrong before is what the caller is told.
  }
}

/**
 * Whether the try that named the suspect may still be running: then nothing can be said about the record. One that named
 * it further in the future than that had a clock that was ahead, and would count as alive until time has caught up.
 */
export const mayBeAlive = (suspect: Suspect, now: number, functionTimeoutMillis: number): boolean =>
  Math.abs(now - suspect.since) <= functionTimeoutMillis;
