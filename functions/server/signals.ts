import { constants } from "node:os";

/**
 * A second signal means "now". One that follows at once is the same wish: at a terminal both the shell and npm pass on
 * a single Ctrl-C.
 */
const SAME_WISH_MILLIS = 500;

/** Resolves with the first SIGINT or SIGTERM; from then on another one ends the process where it stands. */
export function untilTold(process: NodeJS.Process): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstMillis: number | undefined;
    const told = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      firstMillis ??= now;
      if (now - firstMillis > SAME_WISH_MILLIS) process.exit(128 + constants.signals[signal]);
      resolve(signal);
    };
    process.on("SIGINT", told);
    process.on("SIGTERM", told);
  });
}
