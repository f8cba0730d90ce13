import { setTimeout as pause } from "node:timers/promises";
import { type TenantOf, tenantByCredential } from "../lib/http/tenant-of.ts";
import type { AccessTable, Scope } from "../lib/runtime/access.ts";
import { accessSecret, secretsClient } from "../lib/runtime/access-secret.ts";
import { emfLines } from "../lib/runtime/emf.ts";
import { logger, renderJson } from "../lib/runtime/log.ts";
import type { Measured, Meter, Sample } from "../lib/runtime/metrics.ts";
import type { Rate } from "../lib/runtime/rates.ts";
import type { Sleep } from "../lib/runtime/retry.ts";

/** What every Lambda function of ours stands on. */

export const clock = (): number => Date.now();
export const random = Math.random;
export const sleep: Sleep = (millis) => pause(millis);

/** Straight to stdout: Lambda takes lines of JSON as they are, and wraps what comes through `console` once more. */
export const log = logger({ write: (line) => process.stdout.write(`${line}\n`), clock, render: renderJson });

export const onFault = (error: unknown): void => log.error("a request failed", { error });

/** Writes what was measured as lines that CloudWatch makes metrics of. */
export const writeMetrics = (meter: Pick<Meter<Measured>, "take">): void => writeSamples(meter.take(), clock());

/** @param timeMillis the time that the samples are of */
export function writeSamples(samples: readonly Sample[], timeMillis: number): void {
  const name = process.env.AWS_LAMBDA_FUNCTION_NAME ?? "";
  for (const line of emfLines(samples, name, timeMillis)) process.stdout.write(`${line}\n`);
}

/** The handler, after which what was measured is written, however it ends. */
export const measured =
  <E>(meter: Pick<Meter<Measured>, "take">, handler: (event: E) => Promise<void>) =>
  async (event: E): Promise<void> => {
    try {
      await handler(event);
    } finally {
      writeMetrics(meter);
    }
  };

/** The tenant of everyone whom the function URL lets in, where no table says more. */
const TENANT = "default";

/** Who may do what. */
export interface Access {
  tenantOf(scope: Scope): TenantOf;
  /** What a tenant may send through one instance, as far as its credential has been looked at. */
  rateOf(tenant: string): Rate | undefined;
}

/** @param secret holds the table of access; undefined where IAM alone decides who comes in */
export function openAccess(secret: string | undefined): Access {
  if (secret === undefined) return { tenantOf: () => () => TENANT, rateOf: () => undefined };
  const read = accessSecret({
    client: secretsClient(),
    secret,
    clock,
    onFault: (error) => log.error("the table of access is not read again", { error }),
  });
  let rates: ReadonlyMap<string, Rate> = new Map();
  const table = async (): Promise<AccessTable> => {
    const current = await read();
    rates = current.rates;
    return current;
  };
  return { tenantOf: (scope) => tenantByCredential(table, scope), rateOf: (tenant) => rates.get(tenant) };
}
