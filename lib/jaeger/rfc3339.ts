import { invalid } from "../model/errors.ts";
import { millisToNanos, NANOS_PER_MINUTE } from "../model/time.ts";

/** The space is a "+" that its sender did not escape in a query, as Grafana does not. */
const FORMAT = /^(\d{4}-\d\d-\d\d)t(\d\d:\d\d:\d\d)(?:\.(\d+))?(z|[+ -]([01]\d|2[0-3]):([0-5]\d))$/i;

/** A time as RFC 3339 has it, at any offset; Unix epoch nanoseconds, negative before 1970. Digits after the ninth are cut off, as Go does. */
export function parseRfc3339(text: string): bigint {
  const fault = () =>
    invalid(`parsing time ${JSON.stringify(text)}: expected RFC 3339, as in 2006-01-02T15:04:05.999999999Z`);
  const [, date, time, fraction = "", zone = "", hours = "0", minutes = "0"] = FORMAT.exec(text) ?? [];
  const local = `${date}T${time}`;
  const millis = Date.parse(`${local}Z`);
  // JavaScript takes February 30 for March 1, and 24:00 for the next day.
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(local)) throw fault();
  const offset = BigInt(Number(hours) * 60 + Number(minutes)) * NANOS_PER_MINUTE;
  return (
    millisToNanos(millis) + BigInt(fraction.slice(0, 9).padEnd(9, "0")) - (zone.startsWith("-") ? -offset : offset)
  );
}
