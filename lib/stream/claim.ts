import type { Plan, ReaderState, ReaderStates } from "./port.ts";

/** One invocation's view of a shard's item: what it read or wrote last. */
export interface Claim {
  readonly shardId: string;
  readonly states: ReaderStates;
  state: ReaderState;
}

/** Whether the item, found at another version than ours, still lets us write what we meant to. */
type IsStill = (found: ReaderState, ours: ReaderState) => boolean;

/**
 * Writes what `change` makes of the item, on condition that nobody wrote it since. When somebody did, the item is read
 * again; if only what is none of our business changed (rollup raises `closed` beside us), the change is made to what was
 * found. False when the item is not as we knew it any more: the claim then holds what was found, nothing was written.
 */
export async function advance(
  claim: Claim,
  change: (state: ReaderState) => Omit<ReaderState, "version">,
  isStill: IsStill = isUntouched,
): Promise<boolean> {
  for (;;) {
    const ours = claim.state;
    const next: ReaderState = { ...change(ours), version: ours.version + 1 };
    if (await claim.states.save(claim.shardId, next)) {
      claim.state = next;
      return true;
    }
    const found = await claim.states.load(claim.shardId);
    claim.state = found;
    // An answer that got lost on its way: the write was repeated, and met itself.
    if (found.version === next.version && isUntouched(found, next)) return true;
    if (!isStill(found, ours)) return false;
  }
}

/** The same try of the same plan, or the same place between two plans. */
const isUntouched: IsStill = (found, ours) =>
  found.done === ours.done &&
  found.version > 0 === ours.version > 0 &&
  isSameResult(found.plan, ours.plan) &&
  found.plan?.tries === ours.plan?.tries &&
  found.plan?.suspect?.number === ours.plan?.suspect?.number &&
  found.plan?.suspect?.since === ours.plan?.suspect?.since &&
  found.plan?.suspect?.seen === ours.plan?.suspect?.seen;

/** The same plan without the same records: whoever tries it writes the same bytes. */
export const isSamePlan: IsStill = (found, ours) => ours.plan !== undefined && isSameResult(found.plan, ours.plan);

function isSameResult(a: Plan | undefined, b: Plan | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.first === b.first &&
    a.last === b.last &&
    a.at === b.at &&
    a.closed === b.closed &&
    a.excluded.join() === b.excluded.join()
  );
}
