import { invalid } from "./errors.ts";

export const NANOS_PER_MICRO = 1_000n;
export const NANOS_PER_MILLI = 1_000_000n;
export const NANOS_PER_SECOND = 1_000_000_000n;
export const NANOS_PER_MINUTE = 60n * NANOS_PER_SECOND;
export const NANOS_PER_HOUR = 3600n * NANOS_PER_SECOND;
export const MILLIS_PER_HOUR = 3_600_000;
export const SECONDS_PER_HOUR = 3600;

/** Milliseconds since the epoch; handed in everywhere, so that tests own time. */
export type Clock = () => number;

/** Whole hours since the epoch: the unit in which the store keeps time. */
export const hourOf = (nanos: bigint): number => Number(nanos / NANOS_PER_HOUR);

export const millisToNanos = (millis: number): bigint => BigInt(Math.trunc(millis)) * NANOS_PER_MILLI;

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: NANOS_PER_MICRO,
  µs: NANOS_PER_MICRO, // U+00B5, micro sign
  μs: NANOS_PER_MICRO, // U+03BC, Greek mu
  ms: NANOS_PER_MILLI,
  s: NANOS_PER_SECOND,
  m: NANOS_PER_MINUTE,
  h: NANOS_PER_HOUR,
};

/** A duration as Go writes it ("1h2m3.5s", "100us", "-1.5h", "0"); nanoseconds. Source: Go's time.ParseDuration. */
export function parseGoDuration(text: string): bigint {
  const fault = () => invalid(`time: invalid duration ${JSON.stringify(text)}`);
  const sign = text.startsWith("-") ? -1n : 1n;
  const rest = text.replace(/^[+-]/, "");
  if (rest === "0") return 0n;
  if (rest === "") throw fault();
  let total = 0n;
  let end = 0;
  for (const part of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/gy)) {
    const [whole, integer = "", fraction = "", unit = ""] = part;
    if (integer === "" && fraction === "") throw fault();
    const scale = UNITS[unit] ?? 0n;
    total += BigInt(integer || "0") * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
    end = part.index + whole.length;
  }
  if (end !== rest.length) throw fault();
  if (total > 2n ** 63n - 1n) throw fault();
  return sign * total;
}

/** A duration as Go prints it (time.Duration.String): "1.5s", "2h45m0s", "100µs", "0s". */
export function formatGoDuration(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const n = nanos < 0n ? -nanos : nanos;
  if (n < NANOS_PER_MICRO) return `${sign}${n}ns`;
  if (n < NANOS_PER_MILLI) return `${sign}${decimal(n, NANOS_PER_MICRO)}µs`;
  if (n < NANOS_PER_SECOND) return `${sign}${decimal(n, NANOS_PER_MILLI)}ms`;
  const hours = n / NANOS_PER_HOUR;
  const minutes = (n % NANOS_PER_HOUR) / NANOS_PER_MINUTE;
  const seconds = decimal(n % NANOS_PER_MINUTE, NANOS_PER_SECOND);
  return `${sign}${hours > 0n ? `${hours}h` : ""}${hours > 0n || minutes > 0n ? `${minutes}m` : ""}${seconds}s`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, "0")
    .replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}
