import { invalid } from "../model/errors.ts";
import { unexpected } from "../otlp/json-fields.ts";
import { jsonText } from "../otlp/json-text.ts";
import type { WideId } from "../otlp/write-span.ts";
import type { ZipkinEndpoint } from "./incoming.ts";

/** Where in a JSON document we are, for faults. */
export interface Place {
  readonly path: (string | number)[];
}

export type Read<T> = (place: Place, value: unknown) => T;

/** Calls `read` for each element of a body that is a list of spans. */
export function eachSpan(body: Uint8Array, read: (place: Place, span: object) => void): void {
  const json = jsonText(body);
  let spans: unknown;
  try {
    spans = JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`body: expected JSON (${reason})`);
  }
  const place: Place = { path: [] };
  list((at, value) => read(at, object(at, value)))(place, spans);
}

export function object(place: Place, value: unknown): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unexpected(place, value, "an object");
  return value;
}

export const list =
  <T>(read: Read<T>): Read<T[]> =>
  (place, value) => {
    if (!Array.isArray(value)) throw unexpected(place, value, "an array");
    return value.map((own, i) => {
      place.path.push(i);
      const result = read(place, own);
      place.path.pop();
      return result;
    });
  };

/** A member of an object; `absent` when it is missing or null. */
export function member<T, U>(place: Place, of: object, key: string, read: Read<T>, absent: U): T | U {
  const value: unknown = Object.hasOwn(of, key) ? Reflect.get(of, key) : undefined;
  if (value === undefined || value === null) return absent;
  place.path.push(key);
  const result = read(place, value);
  place.path.pop();
  return result;
}

/** A member that must be there. */
export function required<T>(place: Place, of: object, key: string, read: Read<T>): T {
  const found = member(place, of, key, (at, value) => ({ value: read(at, value) }), undefined);
  if (found !== undefined) return found.value;
  place.path.push(key);
  return read(place, undefined);
}

export const text: Read<string> = (place, value) => {
  if (typeof value !== "string") throw unexpected(place, value, "a string");
  return value;
};

export const bool: Read<boolean> = (place, value) => {
  if (typeof value !== "boolean") throw unexpected(place, value, "true or false");
  return value;
};

/** Microseconds. A fraction, which clients that divide leave behind, is rounded. */
export const micros: Read<bigint> = (place, value) => {
  const whole = typeof value === "number" ? Math.round(value) : Number.NaN;
  if (!Number.isSafeInteger(whole) || whole < 0) throw unexpected(place, value, "microseconds, from 0 to 2^53");
  return BigInt(whole);
};

const port: Read<number> = (place, value) => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < -0x8000 || value > 0xffff)
    throw unexpected(place, value, "a port");
  // Clients whose integers are signed write the upper half as negative numbers.
  return value & 0xffff;
};

/** Hex digits of either case; clients drop leading zeros. */
const id =
  (maxDigits: number): Read<bigint> =>
  (place, value) => {
    if (typeof value !== "string" || value.length > maxDigits || !/^[0-9a-fA-F]+$/.test(value))
      throw unexpected(place, value, `1 to ${maxDigits} hex digits`);
    return BigInt(`0x${value}`);
  };

export const spanId = id(16);

const wholeTraceId = id(32);

export const traceId: Read<WideId> = (place, value) => {
  const whole = wholeTraceId(place, value);
  return { high: whole >> 64n, low: BigInt.asUintN(64, whole) };
};

export const endpoint: Read<ZipkinEndpoint> = (place, value) => {
  const own = object(place, value);
  return {
    serviceName: member(place, own, "serviceName", text, ""),
    ipv4: member(place, own, "ipv4", text, ""),
    ipv6: member(place, own, "ipv6", text, ""),
    port: member(place, own, "port", port, 0),
  };
};
