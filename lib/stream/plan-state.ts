import { TracingError } from "../model/errors.ts";
import type { Clock } from "../model/time.ts";
import { advance, type Claim, isSamePlan } from "./claim.ts";
import type { Plan, ReaderStates, StreamRecord } from "./port.ts";

/** What a plan is made with. */
interface PlanParts {
  readonly states: Pick<ReaderStates, "fence">;
  readonly clock: Clock;
}

/**
 * The plan is written before anything is done about it; making it counts as the first try. Before a shard's first plan
 * the fence is read: rollup raises that one before it looks for shards, so one that it has not seen cannot slip past.
 */
export async function putPlan(
  claim: Claim,
  records: readonly Pick<StreamRecord, "sequenceNumber">[],
  { states, clock }: PlanParts,
): Promise<boolean> {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) throw new TracingError("internal", "a plan needs a record");
  const fence = claim.state.lastAt === 0 ? await states.fence() : { closed: -1, floor: 0 };
  const now = clock();
  return advance(claim, (state) => {
    const at = Math.max(now, state.lastAt + 1, fence.floor);
    const closed = Math.max(state.closed, fence.closed);
    const plan: Plan = {
      first: first.sequenceNumber,
      last: last.sequenceNumber,
      at,
      closed,
      tries: 1,
      suspect: undefined,
      excluded: [],
    };
    return { ...state, plan, lastAt: at, closed };
  });
}

/** Whoever wrote the same plan may close it, and so may we after they raised its tries. */
export const closePlan = (claim: Claim, { last }: Plan): Promise<boolean> =>
  advance(claim, (state) => ({ ...state, done: last, plan: undefined }), isSamePlan);

/** The plan that is open. */
export function openPlan(claim: Claim): Plan {
  if (claim.state.plan === undefined) throw new TracingError("internal", `shard ${claim.shardId}: no plan is open`);
  return claim.state.plan;
}
