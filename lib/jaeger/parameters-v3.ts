import { invalid, TracingError } from "../model/errors.ts";
import { parseTraceId, type TraceId } from "../model/ids.ts";
import { parseGoDuration } from "../model/time.ts";
import type { TimeHint } from "../model/trace-query.ts";
import { parseGoBool } from "./go-values.ts";
import { clampNanos, DEFAULT_TRACES, parseLimit, parseTags, type SearchRequest } from "./parameters.ts";
import { parseRfc3339 } from "./rfc3339.ts";

/**
 * What `GET /api/v3/traces` and `/trace-summaries` ask (jaeger-wire 1.9). Each parameter has up to three spellings, one a
 * generation of Jaeger; the newest wins.
 */
export function searchRequestV3(parameters: URLSearchParams): Extract<SearchRequest, { readonly type: "find" }> {
  const read = reader(parameters);
  if (parameters.get("query.filter")) throw malformed("query.filter", "structured filters are not supported");
  const startMin = read(["query.startTimeMin", "query.start_time_min"], parseRfc3339);
  const startMax = read(["query.startTimeMax", "query.start_time_max"], parseRfc3339);
  if (startMin === undefined || startMax === undefined)
    throw invalid("query.startTimeMin and query.startTimeMax are required");
  if (startMin >= startMax) throw invalid("query.startTimeMin must be before query.startTimeMax");
  const attributes = read(["query.attributes"], (text) => parseTags(text, "cannot unmarshal JSON")) ?? [];
  const query = {
    service: read(["query.serviceName", "query.service_name"], asIs),
    operation: read(["query.operationName", "query.operation_name"], asIs),
    tags: attributes.map(([key, value]) => ({ key, value })),
    startMinNanos: clampNanos(startMin),
    startMaxNanos: clampNanos(startMax),
    durationMinNanos: read(["query.durationMin", "query.duration_min"], parseGoDuration),
    durationMaxNanos: read(["query.durationMax", "query.duration_max"], parseGoDuration),
    limit: read(["query.searchDepth", "query.search_depth", "query.num_traces"], parseLimit) ?? DEFAULT_TRACES,
  };
  const isRaw = read(["query.rawTraces", "query.raw_traces"], parseGoBool) ?? false;
  // Under the name that it has in the other API too: who is not heard there begins at the first page for ever.
  const pageToken = read(["query.pageToken", "query.page_token", "pageToken", "page_token"], asIs);
  return { type: "find", query, isRaw, pageToken };
}

/** What `GET /api/v3/traces/{trace_id}` asks. */
export function traceRequestV3(id: string, parameters: URLSearchParams): SearchRequest {
  const read = reader(parameters);
  const hint: TimeHint = {
    startNanos: read(["startTime", "start_time"], hintNanos),
    endNanos: read(["endTime", "end_time"], hintNanos),
  };
  const ids: TraceId[] = [named("trace_id", id, parseTraceId)];
  return { type: "get", ids, hint, isRaw: read(["rawTraces", "raw_traces"], parseGoBool) ?? false };
}

/** The kind that `GET /api/v3/operations` shows alone; undefined for all. */
export const spanKindV3 = (parameters: URLSearchParams): string | undefined =>
  reader(parameters)(["spanKind", "span_kind"], asIs);

const asIs = (text: string): string => text;
const hintNanos = (text: string): bigint => clampNanos(parseRfc3339(text));

/** Reads a parameter under the first of its names that is set; empty means not set. */
const reader =
  (parameters: URLSearchParams) =>
  <T>(names: readonly string[], parse: (text: string) => T): T | undefined => {
    for (const name of names) {
      const text = parameters.get(name);
      if (text) return named(name, text, parse);
    }
    return undefined;
  };

function named<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TracingError)) throw error;
    throw malformed(name, error.message);
  }
}

const malformed = (name: string, what: string): TracingError => invalid(`malformed parameter ${name}: ${what}`);
