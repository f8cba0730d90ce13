import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../model/time.ts";

/** What answering one question has taken from the table. */
export interface ReadCost {
  /** One after the other; what is read at the same time counts once, each further page of a query counts again. */
  roundTrips: number;
  /** Items asked for by key, found in no cache, and pages of queries. */
  gets: number;
  /** Bodies of items, as stored. */
  bytes: number;
}

/** Where a search stops and says so, so that no question can hold a function, or the bill, for long. */
export interface ReadLimits {
  readonly millis: number;
  readonly bytes: number;
  readonly gets: number;
}

/** DESIGN 5: a search that needs more than this is better asked again with a narrower window. */
export const SEARCH_LIMITS: ReadLimits = { millis: 20_000, bytes: 256 * 1024 * 1024, gets: 5_000 };

/** Where reading traces by their ids stops: an id that is not there leads to a look into every segment there is. */
export const TRACE_LIMITS: ReadLimits = { millis: 20_000, bytes: 512 * 1024 * 1024, gets: Number.POSITIVE_INFINITY };

/** Thrown, and caught, within the reader: the budget ends before the answer is whole. */
export class BudgetEnd extends Error {}

/** Counts one question's reads, and refuses more than its limits allow. */
export interface Budget {
  readonly cost: ReadCost;
  getsLeft(): number;
  /** Whether half of the time, the bytes or the gets is used. */
  isLow(): boolean;
  /** Call it before reading `gets` items. */
  claim(gets: number): void;
  /** Call it with what came back. */
  took(bytes: number): void;
  /** Call it between pieces of long work, and wait for what it brings: others in the process get their turn. Refuses when time is up. */
  rest(): Promise<void> | undefined;
  /** Call it once for all that was read at the same time. */
  roundTrips(count: number): void;
}

/** How long a question works on before others have their turn. */
const TURN_MILLIS = 20;

export function budget(limits: ReadLimits, clock: Clock): Budget {
  const cost: ReadCost = { roundTrips: 0, gets: 0, bytes: 0 };
  const began = clock();
  const deadline = began + limits.millis;
  let turnBegan = clock();
  return {
    cost,
    getsLeft: () => limits.gets - cost.gets,
    isLow: () =>
      cost.gets * 2 >= limits.gets || cost.bytes * 2 >= limits.bytes || (clock() - began) * 2 >= limits.millis,
    claim(gets) {
      if (cost.gets + gets > limits.gets || cost.bytes >= limits.bytes || clock() > deadline) throw new BudgetEnd();
      cost.gets += gets;
    },
    took(bytes) {
      cost.bytes += bytes;
    },
    rest() {
      const now = clock();
      if (now > deadline) throw new BudgetEnd();
      if (now - turnBegan < TURN_MILLIS) return undefined;
      return nextTurn().then(() => {
        turnBegan = clock();
      });
    },
    roundTrips(count) {
      cost.roundTrips += count;
    },
  };
}
