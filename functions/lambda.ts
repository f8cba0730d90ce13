import { setTimeout as pause } from "node:timers/promises";
import { type TenantOf, tenantByCredential } from "../lib/http/tenant-of.ts";
import type { Scope } from "../lib/runtime/access.ts";
import { accessSecret, secretsClient } from "../lib/runtime/access-secret.ts";
import { logger, renderJson } from "../lib/runtime/log.ts";
import type { Sleep } from "../lib/runtime/retry.ts";

/** What every Lambda function of ours stands on. */

export const clock = Date.now;
export const random = Math.random;
export const sleep: Sleep = (millis) => pause(millis);

/** Straight to stdout: Lambda takes lines of JSON as they are, and wraps what comes through `console` once more. */
export const log = logger({ write: (line) => process.stdout.write(`${line}\n`), clock, render: renderJson });

export const onFault = (error: unknown): void => log.error("a request failed", { error });

/** The tenant of everyone whom the function URL lets in, where no table says more. */
const TENANT = "default";

/** @param secret holds the table of access; undefined where IAM alone decides who comes in */
export function access(secret: string | undefined): (scope: Scope) => TenantOf {
  if (secret === undefined) return () => () => TENANT;
  const table = accessSecret({
    client: secretsClient(),
    secret,
    clock,
    onFault: (error) => log.error("the table of access is not read again", { error }),
  });
  return (scope) => tenantByCredential(table, scope);
}
