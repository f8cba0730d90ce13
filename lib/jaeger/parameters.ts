import { invalid, TracingError } from "../model/errors.ts";
import { parseTraceId, type TraceId } from "../model/ids.ts";
import {
  type Clock,
  MILLIS_PER_HOUR,
  millisToNanos,
  NANOS_PER_HOUR,
  NANOS_PER_MICRO,
  NANOS_PER_MILLI,
  parseGoDuration,
} from "../model/time.ts";
import type { Tag, TimeHint, TraceQuery } from "../model/trace-query.ts";
import { parseGoBool, parseGoInt } from "./go-values.ts";

/** Jaeger's default, and what it takes 0 and less to mean on its newer APIs. */
export const DEFAULT_TRACES = 100;

/** Jaeger's UI asks for at most 1,500. Every trace is read whole, so a larger number than this ends in the search's budget, not in an answer. */
const MAX_TRACES = 10_000;

/** Traces that are fetched by their ids with one request. Jaeger knows no limit; UIs compare two, and show what a search of 100 found. */
const MAX_TRACE_IDS = 500;

/** How far back a search looks that does not say. */
const DEFAULT_WINDOW_NANOS = 48n * NANOS_PER_HOUR;

/** How far back dependencies reach that do not say. */
const DEPENDENCIES_MILLIS = 24 * MILLIS_PER_HOUR;

/** Times are stored as unsigned 64-bit nanoseconds. */
const MAX_NANOS = 2n ** 64n - 1n;

/** Some versions of Grafana send a hint in milliseconds. Read as microseconds it would lie before April 1973. */
const MIN_HINT_MICROS = 100_000_000_000_000n;

export type SearchRequest =
  | {
      readonly type: "find";
      readonly query: TraceQuery;
      readonly isRaw: boolean;
      /** What the page before told. */
      readonly pageToken?: string | undefined;
    }
  | { readonly type: "get"; readonly ids: readonly TraceId[]; readonly hint: TimeHint; readonly isRaw: boolean };

/** What `GET /api/traces` asks (jaeger-wire 1.3). `lookback` is the sender's own note and means nothing here. */
export function searchRequest(parameters: URLSearchParams, clock: Clock): SearchRequest {
  const isRaw = rawParameter(parameters);
  const ids = parameters.getAll("traceID").filter((text) => text !== "");
  if (ids.length > 0) {
    const distinct = [...new Set(ids.map((text) => named("traceID", text, parseTraceId)))];
    if (distinct.length > MAX_TRACE_IDS)
      throw invalid(`parameter 'traceID': ${distinct.length} ids, expected at most ${MAX_TRACE_IDS}`);
    return { type: "get", ids: distinct, hint: timeHint(parameters), isRaw };
  }
  const pageToken = parameters.get("pageToken") || undefined;
  return { type: "find", query: traceQuery(parameters, clock), isRaw, pageToken };
}

/** What `GET /api/dependencies` asks (jaeger-wire 1.5); milliseconds since the epoch. */
export interface DependenciesRequest {
  readonly startMillis: number;
  readonly endMillis: number;
  /** Only its calls, of either direction. */
  readonly service: string | undefined;
}

export function dependenciesRequest(parameters: URLSearchParams, clock: Clock): DependenciesRequest {
  const endMillis = optional(parameters, "endTs", parseMillis) ?? clock();
  const lookback = optional(parameters, "lookback", parseMillis) ?? DEPENDENCIES_MILLIS;
  return { startMillis: endMillis - lookback, endMillis, service: parameters.get("service") || undefined };
}

/** Where the caller says that a trace lies: optional `start` and `end`. */
export function timeHint(parameters: URLSearchParams): TimeHint {
  const start = optional(parameters, "start", parseHintMicros);
  const end = optional(parameters, "end", parseHintMicros);
  return {
    startNanos: start === undefined ? undefined : firstNano(start),
    endNanos: end === undefined ? undefined : lastNano(end),
  };
}

export const rawParameter = (parameters: URLSearchParams): boolean => optional(parameters, "raw", parseGoBool) ?? false;

function traceQuery(parameters: URLSearchParams, clock: Clock): TraceQuery {
  // The clock counts milliseconds; a span of this very millisecond is not in the future.
  const now = millisToNanos(clock()) + NANOS_PER_MILLI - 1n;
  const endMicros = optional(parameters, "end", parseMicros);
  const end = endMicros === undefined ? now : lastNano(endMicros);
  const startMicros = optional(parameters, "start", parseMicros);
  // Before the end that was asked for: Jaeger counts from now even then, and so searches nothing.
  const start =
    startMicros === undefined ? clampNanos((end < now ? end : now) - DEFAULT_WINDOW_NANOS) : firstNano(startMicros);
  if (start > end) throw invalid("'end' should not be before 'start'");
  const durationMin = optional(parameters, "minDuration", parseGoDuration);
  const durationMax = optional(parameters, "maxDuration", parseGoDuration);
  if (durationMin !== undefined && durationMax !== undefined && durationMax < durationMin)
    throw invalid("'maxDuration' should be greater than 'minDuration'");
  return {
    service: parameters.get("service") || undefined,
    operation: parameters.get("operation") || undefined,
    tags: tags(parameters),
    startMinNanos: start,
    startMaxNanos: end,
    durationMinNanos: durationMin,
    durationMaxNanos: durationMax,
    limit: optional(parameters, "limit", parseLimit) ?? DEFAULT_TRACES,
  };
}

/** How many traces a search shows. */
export function parseLimit(text: string): number {
  const limit = Number(parseGoInt(text, 32));
  if (limit > MAX_TRACES) throw invalid(`${limit}: expected at most ${MAX_TRACES} traces`);
  return limit > 0 ? limit : DEFAULT_TRACES;
}

const TAGS_FAULT = "malformed 'tags' parameter, cannot unmarshal JSON";

/** `tag=key:value`, each one condition, and `tags={"key":"value"}`, which wins where both name a key. */
function tags(parameters: URLSearchParams): Tag[] {
  const values = new Map<string, string>();
  for (const text of parameters.getAll("tag")) {
    const colon = text.indexOf(":");
    if (colon < 0) throw invalid(`malformed 'tag' parameter, expecting key:value, received: ${text}`);
    values.set(text.slice(0, colon), text.slice(colon + 1));
  }
  for (const text of parameters.getAll("tags")) {
    if (text === "") continue;
    for (const [key, value] of parseTags(text, TAGS_FAULT)) values.set(key, value);
  }
  return [...values].map(([key, value]) => ({ key, value }));
}

/** Conditions as a JSON object of strings. @param lead what a fault's message begins with */
export function parseTags(text: string, lead: string): [string, string][] {
  const fault = (what: string) => invalid(`${lead}: ${what}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw fault(error instanceof Error ? error.message : String(error));
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw fault("expected an object of strings");
  return Object.entries(parsed).map(([key, value]) => {
    if (typeof value !== "string") throw fault(`${JSON.stringify(key)} is ${JSON.stringify(value)}, expected a string`);
    return [key, value];
  });
}

/** Beyond 2^53 it is no time that anything is stored of, wherever exactly. */
const parseMillis = (text: string): number => Number(parseGoInt(text, 64));

const parseMicros = (text: string): bigint => parseGoInt(text, 64);

function parseHintMicros(text: string): bigint {
  const micros = parseMicros(text);
  return micros > 0n && micros < MIN_HINT_MICROS ? micros * 1000n : micros;
}

/** Clients know whole microseconds only: a window holds all nanoseconds of its first and of its last. */
const firstNano = (micros: bigint): bigint => clampNanos(micros * NANOS_PER_MICRO);
const lastNano = (micros: bigint): bigint => clampNanos(micros * NANOS_PER_MICRO + NANOS_PER_MICRO - 1n);

/** The nearest time that can be stored. */
export const clampNanos = (nanos: bigint): bigint => (nanos < 0n ? 0n : nanos > MAX_NANOS ? MAX_NANOS : nanos);

/** A parameter's first value; not set and empty are the same, as to Jaeger. */
function optional<T>(parameters: URLSearchParams, name: string, parse: (text: string) => T): T | undefined {
  const text = parameters.get(name);
  return text === null || text === "" ? undefined : named(name, text, parse);
}

function named<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TracingError)) throw error;
    throw invalid(`unable to parse param '${name}': ${error.message}`);
  }
}
