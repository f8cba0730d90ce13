import type { Trace } from "../../lib/model/span.ts";
import type { Operation, TimeHint, TraceQuery } from "../../lib/model/trace-query.ts";
import type {
  AttributeName,
  AttributeNames,
  Dependencies,
  Dependency,
  Names,
  TraceReader,
} from "../../lib/store/port.ts";

export interface Kept {
  readonly traces?: readonly Trace[];
  readonly services?: readonly string[];
  readonly operations?: Readonly<Record<string, readonly Operation[]>>;
  /** Whatever service is asked for. */
  readonly attributes?: readonly AttributeName[];
  /** Whenever is asked for. */
  readonly dependencies?: readonly Dependency[];
  readonly isComplete?: boolean;
  readonly nextPageToken?: string;
  /** Thrown in place of the trace of that number, 0 being the first. */
  readonly fault?: { readonly at: number; readonly error: unknown };
}

/** What was asked, as the store heard it. */
export interface Asked {
  readonly tenants: Set<string>;
  readonly queries: TraceQuery[];
  readonly hints: (TimeHint | undefined)[];
  readonly pageTokens: (string | undefined)[];
  readonly services: string[];
  /** Of dependencies: start and end. */
  readonly windows: (readonly [number, number])[];
  /** Traces handed out. */
  given: number;
  /** Searches that were walked to their end, or left. */
  ended: number;
}

/** A store that holds given traces and finds them all, up to the limit: what the query side does with it is under test, not the search. */
export function keptTraces(
  kept: Kept,
): TraceReader & Names & AttributeNames & Dependencies & { readonly asked: Asked } {
  const {
    traces = [],
    services = [],
    operations = {},
    attributes = [],
    dependencies = [],
    isComplete = true,
    nextPageToken,
    fault,
  } = kept;
  const asked: Asked = {
    ...{ tenants: new Set(), queries: [], hints: [], pageTokens: [], services: [], windows: [] },
    ...{ given: 0, ended: 0 },
  };
  async function* walk(some: readonly Trace[]) {
    try {
      for (const [i, trace] of some.entries()) {
        if (fault?.at === i) throw fault.error;
        asked.given++;
        yield trace;
      }
      if (fault?.at === traces.length) throw fault.error;
    } finally {
      asked.ended++;
    }
  }
  return {
    asked,
    async trace(tenant, id, hint) {
      asked.tenants.add(tenant);
      asked.hints.push(hint);
      if (fault?.at === 0) throw fault.error;
      return traces.find((trace) => trace.traceId === id);
    },
    traces(tenant, ids, hint) {
      asked.tenants.add(tenant);
      asked.hints.push(hint);
      const wanted = ids.flatMap((id) => traces.find((trace) => trace.traceId === id) ?? []);
      return { traces: walk(wanted), isComplete: () => isComplete, nextPageToken: () => undefined };
    },
    find(tenant, query, pageToken) {
      asked.tenants.add(tenant);
      asked.pageTokens.push(pageToken);
      asked.queries.push(query);
      const all = walk(traces.slice(0, query.limit));
      return { traces: all, isComplete: () => isComplete, nextPageToken: () => nextPageToken };
    },
    async services(tenant) {
      asked.tenants.add(tenant);
      if (fault?.at === 0) throw fault.error;
      return services;
    },
    async operations(tenant, service) {
      asked.tenants.add(tenant);
      asked.services.push(service);
      return operations[service] ?? [];
    },
    async attributes(tenant, service) {
      asked.tenants.add(tenant);
      if (service !== undefined) asked.services.push(service);
      return attributes;
    },
    async dependencies(tenant, startMillis, endMillis) {
      asked.tenants.add(tenant);
      asked.windows.push([startMillis, endMillis]);
      return { edges: dependencies, unmet: 0, isComplete };
    },
  };
}
