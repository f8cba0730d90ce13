import type { SearchRequest } from "../jaeger/parameters.ts";
import { TracingError } from "../model/errors.ts";
import type { TraceId } from "../model/ids.ts";
import type { Trace } from "../model/span.ts";
import type { TimeHint, TraceQuery } from "../model/trace-query.ts";
import { MAX_TRACE_SPANS } from "../runtime/limits.ts";
import type { TraceReader } from "../store/port.ts";
import { ADJUST_DEFAULTS, type AdjustSettings, adjustTrace } from "./adjust.ts";
import { assembleTrace } from "./assemble.ts";

export interface ShowSettings extends AdjustSettings {
  readonly maxTraceSpans: number;
}

const SHOW_DEFAULTS: ShowSettings = { ...ADJUST_DEFAULTS, maxTraceSpans: MAX_TRACE_SPANS };

/** Something that was asked for and is not in the answer, while the rest is. */
interface Gap {
  readonly message: string;
  readonly traceId: TraceId | undefined;
}

/** Traces and gaps as they come up; after all of them what the next page is asked for with, when there may be one. */
export type Finding = { readonly trace: Trace } | { readonly gap: Gap } | { readonly nextPageToken: string };

export interface Search {
  /** One trace, ready to be shown; not_found when nothing of it is stored. */
  trace(tenant: string, id: TraceId, options: { hint: TimeHint; isRaw: boolean }): Promise<Trace>;
  /** Whole traces in the store's order, one after the other. What the answer lacks is told after the traces. */
  find(tenant: string, request: SearchRequest): AsyncGenerator<Finding>;
}

/** Reads traces from the store and makes them ready to be shown. */
export function tracesSearch(store: TraceReader, settings: ShowSettings = SHOW_DEFAULTS): Search {
  const show = (trace: Trace, isRaw: boolean): Trace => {
    const assembled = assembleTrace(trace, settings.maxTraceSpans);
    return isRaw ? assembled : adjustTrace(assembled, settings);
  };

  async function* find(
    tenant: string,
    query: TraceQuery,
    { isRaw, pageToken }: { readonly isRaw: boolean; readonly pageToken?: string | undefined },
  ): AsyncGenerator<Finding> {
    const found = store.find(tenant, query, pageToken);
    for await (const trace of found.traces) yield { trace: show(trace, isRaw) };
    if (!found.isComplete()) yield { gap: { message: INCOMPLETE, traceId: undefined } };
    const nextPageToken = found.nextPageToken();
    if (nextPageToken !== undefined) yield { nextPageToken };
  }

  async function* get(
    tenant: string,
    ids: readonly TraceId[],
    hint: TimeHint,
    isRaw: boolean,
  ): AsyncGenerator<Finding> {
    const missing = new Set(ids);
    const found = store.traces(tenant, ids, hint);
    for await (const trace of found.traces) {
      missing.delete(trace.traceId);
      yield { trace: show(trace, isRaw) };
    }
    if (!found.isComplete()) yield { gap: { message: NOT_ALL_READ, traceId: undefined } };
    else for (const traceId of missing) yield { gap: { message: NOT_FOUND, traceId } };
  }

  return {
    async trace(tenant, id, { hint, isRaw }) {
      const trace = await store.trace(tenant, id, hint);
      if (trace === undefined) throw new TracingError("not_found", NOT_FOUND);
      return show(trace, isRaw);
    },
    find: (tenant, request) =>
      request.type === "find"
        ? find(tenant, request.query, request)
        : get(tenant, request.ids, request.hint, request.isRaw),
  };
}

const NOT_FOUND = "trace not found";

const NOT_ALL_READ =
  "not all of the traces were read within the limit of time or data; ask for fewer, or say with 'start' and 'end' where they lie";

const INCOMPLETE =
  "the search is incomplete: its limit of time or data ended it, or part of the store could not be read, so that more traces may match; narrow the time range or add conditions";
