import type { Clock } from "../model/time.ts";

/** What a fresh on-demand table takes; write units a second. */
const FIRST_RATE = 4_000;
/** A table's default quota. */
const MAX_RATE = 40_000;
/** Slower than this, the deadline speaks. */
const MIN_RATE = 25;
/** Added for every call that was taken whole. */
const INCREASE = 25;
/** Calls that were under way together are pushed back together: that counts once. */
const ONE_PUSH_MILLIS = 500;
/** Unused rate is kept this long. */
const BURST_MILLIS = 1_000;

/** The rate at which one process writes: it grows while writes are taken, and halves when they are pushed back. */
export interface Pacer {
  /** Milliseconds to wait before so many write units. */
  take(units: number): number;
  taken(): void;
  pushedBack(): void;
  /** Write units a second. */
  readonly rate: number;
}

export function pacer(clock: Clock): Pacer {
  let rate = FIRST_RATE;
  /** When all that was let through is done at the present rate. */
  let free = Number.NEGATIVE_INFINITY;
  let lastPush = Number.NEGATIVE_INFINITY;
  return {
    take(units) {
      const now = clock();
      const start = Math.max(free, now - BURST_MILLIS);
      free = start + (units / rate) * 1_000;
      return Math.max(0, start - now);
    },
    taken() {
      rate = Math.min(MAX_RATE, rate + INCREASE);
    },
    pushedBack() {
      const now = clock();
      if (now - lastPush < ONE_PUSH_MILLIS) return;
      lastPush = now;
      rate = Math.max(MIN_RATE, rate / 2);
    },
    get rate() {
      return rate;
    },
  };
}
