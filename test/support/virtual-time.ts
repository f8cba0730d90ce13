import type { Clock } from "../../lib/model/time.ts";

/** A clock that moves only when everybody sleeps, and then to the first who wakes. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly sleep: (millis: number) => Promise<void>;
}

export function virtualTime(startMillis = 0): VirtualTime {
  let now = startMillis;
  let isTicking = false;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const tick = (): void => {
    sleepers.sort((a, b) => a.at - b.at);
    const first = sleepers.shift();
    if (first === undefined) {
      isTicking = false;
      return;
    }
    now = Math.max(now, first.at);
    first.wake();
    setImmediate(tick);
  };
  return {
    clock: () => now,
    sleep: (millis) =>
      new Promise((wake) => {
        sleepers.push({ at: now + millis, wake });
        if (isTicking) return;
        isTicking = true;
        setImmediate(tick);
      }),
  };
}
