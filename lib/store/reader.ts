import { TracingError } from "../model/errors.ts";
import type { TraceId } from "../model/ids.ts";
import type { Trace } from "../model/span.ts";
import type { Clock } from "../model/time.ts";
import type { TimeHint } from "../model/trace-query.ts";
import type { Batches } from "./batches.ts";
import type { Found, TraceReader } from "./port.ts";
import {
  type Budget,
  BudgetEnd,
  budget,
  type ReadCost,
  type ReadLimits,
  SEARCH_LIMITS,
  TRACE_LIMITS,
} from "./read/cost.ts";
import { findTraces } from "./read/find.ts";
import { headLoader } from "./read/heads.ts";
import { decodePageToken, encodePageToken, type PageStart } from "./read/page-token.ts";
import { partLoader } from "./read/parts.ts";
import type { SearchReport } from "./read/search.ts";
import { type Stores, viewCache } from "./read/stores.ts";
import { readTraces } from "./read/trace.ts";

export interface TraceReaderOptions {
  readonly batches: Batches;
  readonly clock: Clock;
  /** How long after its end an hour is shown. */
  readonly retentionHours: number;
  /** For heads, parts and pages together. */
  readonly cacheBytes?: number;
  readonly searchLimits?: ReadLimits;
  /** For all traces that are asked for by their ids together. */
  readonly traceLimits?: ReadLimits;
  /** Told what each question took from the table, once it is answered. */
  readonly onRead?: (question: Question, cost: ReadCost) => void;
}

type Question = "trace" | "find";

/** What is stored never changes, so that a warm process need not read it again; small beside a function's 1 GB. */
const CACHE_BYTES = 192 * 1024 * 1024;
/** Two hours of small segments, three a second, take all of it. */
const HEAD_SHARE = 1 / 3;
const PART_SHARE = 1 / 3;

export function traceReader(options: TraceReaderOptions): TraceReader {
  const { batches, clock, retentionHours, onRead } = options;
  const { cacheBytes = CACHE_BYTES, searchLimits = SEARCH_LIMITS, traceLimits = TRACE_LIMITS } = options;
  const stores: Stores = {
    heads: headLoader(batches, clock, Math.floor(cacheBytes * HEAD_SHARE)),
    parts: partLoader(batches, Math.floor(cacheBytes * PART_SHARE)),
    views: viewCache(Math.floor(cacheBytes * (1 - HEAD_SHARE - PART_SHARE))),
    clock,
    retentionHours,
  };
  /** What `read` brings until its budget ends. */
  function found(
    question: Question,
    limits: ReadLimits,
    read: (spent: Budget, report: SearchReport) => AsyncIterable<Trace>,
    tokenOf: (next: PageStart) => string | undefined = () => undefined,
  ): Found {
    const spent = budget(limits, clock);
    const report: SearchReport = { lacksParts: false, next: undefined };
    let isAtEnd = false;
    async function* traces() {
      try {
        isAtEnd = yield* untilBudgetEnds(read(spent, report));
      } finally {
        onRead?.(question, spent.cost);
      }
    }
    return {
      traces: traces(),
      isComplete: () => isAtEnd && !report.lacksParts,
      nextPageToken: () => report.next && tokenOf(report.next),
    };
  }

  const several = (tenant: string, ids: readonly TraceId[], hint: TimeHint | undefined): Found =>
    found("trace", traceLimits, (spent) => readTraces(stores, tenant, ids, hint, spent));

  return {
    async trace(tenant, id, hint) {
      const { traces, isComplete } = several(tenant, [id], hint);
      for await (const trace of traces) return trace;
      // Whoever asks for one trace gets all of it, or a fault.
      if (!isComplete())
        throw new TracingError(
          "unavailable",
          `trace ${id} could not be read in time: say with 'start' and 'end' when it was`,
        );
      return undefined;
    },
    traces: several,
    find(tenant, query, pageToken) {
      async function* traces(spent: Budget, report: SearchReport) {
        const page = pageToken === undefined ? undefined : decodePageToken(tenant, query, pageToken);
        yield* findTraces(stores, tenant, { query, page }, spent, report);
      }
      return found("find", searchLimits, traces, (next) => encodePageToken(tenant, query, next));
    },
  };
}

/** Returns whether the budget lasted. */
async function* untilBudgetEnds<T>(traces: AsyncIterable<T>): AsyncGenerator<T, boolean> {
  try {
    yield* traces;
    return true;
  } catch (error) {
    if (error instanceof BudgetEnd) return false;
    throw error;
  }
}
