import { setTimeout as pause } from "node:timers/promises";
import { logger, renderJson } from "../lib/runtime/log.ts";
import type { Sleep } from "../lib/runtime/retry.ts";

/** What every Lambda function of ours stands on. */

export const clock = Date.now;
export const random = Math.random;
export const sleep: Sleep = (millis) => pause(millis);

/** Straight to stdout: Lambda takes lines of JSON as they are, and wraps what comes through `console` once more. */
export const log = logger({ write: (line) => process.stdout.write(`${line}\n`), clock, render: renderJson });

export const onFault = (error: unknown): void => log.error("a request failed", { error });

/** The tenant of everyone whom the function URL lets in. */
export const tenantOf = (): string => "default";
