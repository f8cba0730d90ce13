import { setFlagsFromString } from "node:v8";

/**
 * Ceiling of a thread's young generation: three semi-spaces of 8 MiB (npm start says the same for the main thread). By
 * itself V8 lets each thread have 192, and never gives them back.
 */
export const YOUNG_MEGABYTES = 3 * 8;

/** How much the old generation may grow between two full collections, per cent of what the last one left. */
const GROWING_PERCENT = 200;

/**
 * Holds for the process and all its threads, also those that run. What they keep is small, and what passes through is
 * large: collecting whenever a little has passed takes a tenth of all CPU.
 */
export const letHeapsGrow = (): void => setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
