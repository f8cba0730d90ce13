import { minuteOf } from "../../store/keys.ts";
import type { RollupState } from "../../store/rollup-states.ts";
import type { ShardState, Shards } from "./shards.ts";

const MINUTE_MILLIS = 60_000;

/** A shard holds the mark back by twice this much at most; one that is busier is not written for it. */
const SLOT_MILLIS = 10_000;

/** Raises idle shards, so that the mark passes what was indexed. @param reach no further, milliseconds since the epoch */
export async function raiseIdle(
  shards: Shards,
  known: readonly ShardState[],
  { minute, closed }: RollupState,
  reach: number,
): Promise<readonly ShardState[]> {
  // One of which nothing is known yet would hold the mark where it began, for good if nobody writes.
  const isBehind = ({ openAt, lastAt }: ShardState): boolean => openAt === undefined && minuteOf(lastAt + 1) < minute;
  if (!known.some((shard) => minuteOf(shard.lastAt) >= minute || isBehind(shard))) return known;
  const thisMinute = reach - (reach % MINUTE_MILLIS);
  const isBusy = known.some(({ lastAt }) => lastAt >= thisMinute);
  // To the begin of a minute where nothing was indexed in it: then there is nothing left to raise a shard for.
  const to = isBusy ? reach - (reach % SLOT_MILLIS) : thisMinute;
  const least = isBusy ? to - SLOT_MILLIS : to - 1;
  const isIdle = ({ openAt, lastAt }: ShardState): boolean => openAt === undefined && lastAt < least;
  const raised = await Promise.all(
    known.map((shard) => (isIdle(shard) ? shards.raise([shard], { closed, lastAt: to - 1 }) : [shard])),
  );
  return raised.flat();
}
