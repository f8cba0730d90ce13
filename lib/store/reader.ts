import type { Clock } from "../model/time.ts";
import type { Batches } from "./batches.ts";
import type { Found, TraceReader } from "./port.ts";
import { BudgetEnd, budget, type ReadCost, type ReadLimits, SEARCH_LIMITS } from "./read/cost.ts";
import { findTraces } from "./read/find.ts";
import { headLoader } from "./read/heads.ts";
import { partLoader } from "./read/parts.ts";
import type { SearchReport } from "./read/search.ts";
import type { Stores } from "./read/stores.ts";
import { readTrace } from "./read/trace.ts";

export interface TraceReaderOptions {
  readonly batches: Batches;
  readonly clock: Clock;
  /** How long after its end an hour is shown. */
  readonly retentionHours: number;
  /** For heads and parts together. */
  readonly cacheBytes?: number;
  readonly searchLimits?: ReadLimits;
  /** Told what each question took from the table, once it is answered. */
  readonly onRead?: (question: "trace" | "find", cost: ReadCost) => void;
}

/** What is stored never changes, so that a warm process need not read it again; small beside a function's 1 GB. */
const CACHE_BYTES = 128 * 1024 * 1024;
/** Two hours of small segments, three a second, take all of it. */
const HEAD_SHARE = 0.5;

export function traceReader(options: TraceReaderOptions): TraceReader {
  const { batches, clock, retentionHours, onRead } = options;
  const { cacheBytes = CACHE_BYTES, searchLimits = SEARCH_LIMITS } = options;
  const stores: Stores = {
    heads: headLoader(batches, clock, Math.floor(cacheBytes * HEAD_SHARE)),
    parts: partLoader(batches, Math.floor(cacheBytes * (1 - HEAD_SHARE))),
    clock,
    retentionHours,
  };
  return {
    async trace(tenant, id, hint) {
      // Whoever asks for one trace gets all of it, or a fault.
      const spent = budget(UNLIMITED, clock);
      const trace = await readTrace(stores, tenant, id, hint, spent);
      onRead?.("trace", spent.cost);
      return trace;
    },
    find(tenant, query): Found {
      const spent = budget(searchLimits, clock);
      const report: SearchReport = { lacksParts: false };
      let isAtEnd = false;
      async function* traces() {
        try {
          isAtEnd = yield* untilBudgetEnds(findTraces(stores, tenant, query, spent, report));
        } finally {
          onRead?.("find", spent.cost);
        }
      }
      return { traces: traces(), isComplete: () => isAtEnd && !report.lacksParts };
    },
  };
}

const UNLIMITED: ReadLimits = {
  millis: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  gets: Number.POSITIVE_INFINITY,
};

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
