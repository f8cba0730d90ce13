import * as z from "zod/mini";
import { invalid } from "../model/errors.ts";
import { TENANT_NAME, TENANT_NAME_EXPECTED } from "./tenant-name.ts";

const TENANT = `expected ${TENANT_NAME_EXPECTED}`;
const SERVICE = "expected a name of 1 to 200 characters";
const RATE = "expected a number above 0, 1 at most";
const MILLIS = "expected a number above 0";
const CALLS = "expected a whole number above 0";
const ALERTS = 'expected a list such as [{"service": "checkout", "errorRate": 0.05, "minCalls": 20}]';

/** The tenant of whoever names none. */
const DEFAULT_TENANT = "default";

/** Each is three metrics, and a line of the log a minute. */
const MOST_ALERTS = 20;

const Alert = z
  .strictObject(
    {
      tenant: z._default(z.string(TENANT).check(z.regex(TENANT_NAME, TENANT)), DEFAULT_TENANT),
      service: z.string(SERVICE).check(z.minLength(1, SERVICE), z.maxLength(200, SERVICE)),
      /** Share of a minute's calls that fail, 0 to 1. */
      errorRate: z.optional(z.number(RATE).check(z.positive(RATE), z.maximum(1, RATE))),
      /** What 95 in 100 of a minute's calls may take, milliseconds. */
      p95Ms: z.optional(z.number(MILLIS).check(z.positive(MILLIS))),
      /** A minute with fewer calls says nothing. */
      minCalls: z._default(z.number(CALLS).check(z.int(CALLS), z.positive(CALLS)), 1),
    },
    ALERTS,
  )
  .check(
    z.refine(({ errorRate, p95Ms }) => errorRate !== undefined || p95Ms !== undefined, "expected errorRate or p95Ms"),
  );

/** Services that are watched, and what they may do before someone is woken. */
export const Alerts = z.array(Alert, ALERTS).check(
  z.maxLength(MOST_ALERTS, `expected ${MOST_ALERTS} at most`),
  z.refine((alerts) => new Set(alerts.map(nameOf)).size === alerts.length, "expected each service once"),
);

export type Alert = z.output<typeof Alert>;

const nameOf = ({ tenant, service }: { readonly tenant: string; readonly service: string }): string =>
  `${tenant} ${service}`;

/** A file or a variable of alerts. @throws TracingError invalid_argument, naming the path of what is wrong */
export function readAlerts(text: string, from: string): readonly Alert[] {
  const parsed = Alerts.safeParse(parsedJson(text, from));
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ path, message }) => `${[from, ...path].join(".")}: ${message}`).join("; "));
}

function parsedJson(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`${from}: not JSON, ${ALERTS}`);
  }
}
