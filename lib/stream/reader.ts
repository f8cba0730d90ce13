import { TracingError } from "../model/errors.ts";
import type { Clock } from "../model/time.ts";
import { isTransient } from "../runtime/retry.ts";
import { advance, type Claim } from "./claim.ts";
import { decodeAlone, mayBeAlive, note, setAside, whyUndecodable } from "./decode-alone.ts";
import { deliveredIn, fitPlan, inOrder, readRange, type SizeOf } from "./plan-records.ts";
import { closePlan, openPlan, putPlan } from "./plan-state.ts";
import type { Indexer, Plan, Quarantine, ReaderStates, StreamReader, StreamRecord } from "./port.ts";
import { declaredSize } from "./record.ts";
import { isAfter } from "./sequence.ts";

/** From this try on records are decoded one at a time: those before may have died of one of them. */
const FIRST_CAREFUL_TRY = 3;

/** What the operator should know of. */
export type ReaderNotice =
  | {
      readonly kind: "excluded";
      readonly shardId: string;
      readonly sequenceNumber: string;
      readonly reason: string;
    }
  /** The range was planned, and is no longer in the stream. */
  | { readonly kind: "lost"; readonly shardId: string; readonly first: string; readonly last: string }
  /** Spans of that range that were outside retention when they were received. */
  | {
      readonly kind: "dropped";
      readonly shardId: string;
      readonly first: string;
      readonly last: string;
      readonly spans: number;
    }
  /** Spans of that range that ingest would not have taken, and came past it. */
  | {
      readonly kind: "refused";
      readonly shardId: string;
      readonly first: string;
      readonly last: string;
      readonly spans: number;
      readonly message: string;
    }
  /** The plan brought more names of services and operations than one may write. */
  | { readonly kind: "waiting"; readonly shardId: string; readonly names: number };

export interface ShardReaderOptions {
  readonly states: ReaderStates;
  /** To read again what a delivery does not bring. */
  readonly reader: StreamReader;
  /** Asked for in one call when reading again. */
  readonly recordsPerCall: number;
  readonly indexer: Indexer;
  readonly quarantine: Quarantine;
  /** What plans are made by; for our own records unless it is given. */
  readonly sizeOf?: SizeOf;
  readonly clock: Clock;
  /** Longer than this no invocation lives. */
  readonly functionTimeoutMillis: number;
  readonly onNotice: (notice: ReaderNotice) => void;
}

/** What one call did. */
export interface Progress {
  /** The last number whose heads are written. */
  readonly done: string | undefined;
  /** Finished here; those that another invocation finished meanwhile are not counted. */
  readonly plans: number;
  readonly records: number;
}

export type ReadShard = (shardId: string, delivered: readonly StreamRecord[]) => Promise<Progress>;

/**
 * Reads a shard exactly once, however its records are delivered: again, in other batches, to several invocations at
 * once, by ones that die. Returns when everything delivered lies in finished plans; throws when it should be delivered
 * again.
 */
export function shardReader(options: ShardReaderOptions): ReadShard {
  return async (shardId, delivered) => {
    const records = inOrder(delivered);
    const claim: Claim = { shardId, states: options.states, state: await options.states.load(shardId) };
    const tally = { plans: 0, records: 0 };
    for (;;) {
      if (claim.state.version === 0) await advance(claim, (state) => state);
      else if (claim.state.plan !== undefined) {
        if (await raiseTries(claim, claim.state.plan, options)) await finish(claim, records, options, tally);
      } else {
        const fresh = records.filter((record) => isAfter(record.sequenceNumber, claim.state.done));
        if (fresh.length === 0) return { done: claim.state.done, ...tally };
        if (await putPlan(claim, fitPlan(fresh, options.sizeOf ?? declaredSize), options))
          await finish(claim, records, options, tally);
      }
    }
  };
}

async function raiseTries(
  claim: Claim,
  plan: Plan,
  { clock, functionTimeoutMillis }: ShardReaderOptions,
): Promise<boolean> {
  const { suspect, tries } = plan;
  if (suspect !== undefined && mayBeAlive(suspect, clock(), functionTimeoutMillis))
    throw new TracingError(
      "unavailable",
      `shard ${claim.shardId}: another invocation may be decoding record ${suspect.number}`,
    );
  return note(claim, { tries: tries + 1 });
}

/** Does what the open plan says. Whoever loses the item on the way stops; the caller looks at what is there now. */
async function finish(
  claim: Claim,
  delivered: readonly StreamRecord[],
  options: ShardReaderOptions,
  tally: { plans: number; records: number },
): Promise<void> {
  const plan = openPlan(claim);
  const records =
    deliveredIn(delivered, plan) ?? (await readRange(options.reader, claim.shardId, plan, options.recordsPerCall));
  if (records === undefined) {
    if (await closePlan(claim, plan))
      options.onNotice({ kind: "lost", shardId: claim.shardId, first: plan.first, last: plan.last });
    return;
  }
  // Told once the plan is closed: each try leaves out the same, and only one of them counts.
  const leftOut: ReaderNotice[] = [];
  const onNotice = (notice: ReaderNotice): void => {
    if (notice.kind === "dropped" || notice.kind === "refused") leftOut.push(notice);
    else options.onNotice(notice);
  };
  const aside = { ...options, onNotice, onExcluded: noticeExcluded(claim, options) };
  if (plan.tries >= FIRST_CAREFUL_TRY && !(await decodeAlone(claim, records, aside))) return;
  if (!(await index(claim, records, aside))) return;
  if (!(await closePlan(claim, plan))) return;
  for (const notice of leftOut) options.onNotice(notice);
  tally.plans++;
  tally.records += records.length;
}

type Aside = ShardReaderOptions & { readonly onExcluded: (record: StreamRecord, reason: string) => void };

/**
 * Writes what the readable records say. What can never be read is set aside, whole, and noted in the plan before the rest
 * is written. False when another invocation took the plan over before that was noted.
 */
async function index(claim: Claim, records: readonly StreamRecord[], options: Aside): Promise<boolean> {
  try {
    await indexReadable(claim, records, options);
    return true;
  } catch (fault) {
    if (isTransient(fault)) throw fault;
    const excluded = await setUndecodableAside(claim, records, options);
    if (excluded.length === 0) throw fault;
    if (!(await note(claim, { excluded: [...openPlan(claim).excluded, ...excluded] }))) return false;
  }
  await indexReadable(claim, records, options);
  return true;
}

async function indexReadable(
  claim: Claim,
  records: readonly StreamRecord[],
  { indexer, onNotice }: Aside,
): Promise<void> {
  const plan = openPlan(claim);
  const { shardId } = claim;
  const readable = records.filter((record) => !plan.excluded.includes(record.sequenceNumber));
  if (readable.length === 0) return;
  const { dropped, waitingNames, refused } = await indexer.index(plan, shardId, readable);
  const range = { shardId, first: plan.first, last: plan.last };
  if (dropped > 0) onNotice({ kind: "dropped", ...range, spans: dropped });
  if (refused !== undefined && refused.spans > 0) onNotice({ kind: "refused", ...range, ...refused });
  if (waitingNames > 0) onNotice({ kind: "waiting", shardId, names: waitingNames });
}

async function setUndecodableAside(claim: Claim, records: readonly StreamRecord[], options: Aside): Promise<string[]> {
  const numbers: string[] = [];
  for (const record of records) {
    if (openPlan(claim).excluded.includes(record.sequenceNumber)) continue;
    const reason = whyUndecodable(options.indexer, record);
    if (reason === undefined) continue;
    await setAside(claim.shardId, record, reason, options);
    numbers.push(record.sequenceNumber);
  }
  return numbers;
}

const noticeExcluded =
  ({ shardId }: Claim, { onNotice }: ShardReaderOptions) =>
  ({ sequenceNumber }: StreamRecord, reason: string): void =>
    onNotice({ kind: "excluded", shardId, sequenceNumber, reason });
