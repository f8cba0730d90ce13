import type { PlanSpans } from "../plan-spans.ts";
import { type OperationOrdinals, operationOrdinals } from "../segment/operation-ordinals.ts";
import { sourceService } from "../segment/source-service.ts";

/** Who did what, for all spans of a plan. */
export interface PlanServices {
  /** Sanitized, distinct. */
  readonly services: readonly string[];
  /** Per row: index into `services`. */
  readonly service: Uint32Array;
  readonly operations: OperationOrdinals;
  /** Per row: the number of its source. */
  readonly ordinals: Uint32Array;
}

/** Each of a plan's segments and its counts ask. */
const remembered = new WeakMap<PlanSpans, PlanServices>();

export function planServices(spans: PlanSpans): PlanServices {
  const before = remembered.get(spans);
  if (before !== undefined) return before;
  const found = workedOut(spans);
  remembered.set(spans, found);
  return found;
}

function workedOut({ table, sources }: PlanSpans): PlanServices {
  const services = new Map<string, number>();
  const serviceOfSource = new Uint32Array(sources.distinct.length);
  const isKnown = new Uint8Array(sources.distinct.length);
  const rows = new Uint32Array(table.count);
  const source = new Uint32Array(table.count);
  const service = new Uint32Array(table.count);
  for (let row = 0; row < table.count; row++) {
    const at = table.source[row] as number;
    const ordinal = sources.ordinal[at] as number;
    if (isKnown[ordinal] === 0) {
      const name = sourceService(table, at);
      const known = services.get(name) ?? services.size;
      services.set(name, known);
      serviceOfSource[ordinal] = known;
      isKnown[ordinal] = 1;
    }
    rows[row] = row;
    source[row] = ordinal;
    service[row] = serviceOfSource[ordinal] as number;
  }
  return {
    services: [...services.keys()],
    service,
    operations: operationOrdinals(table, rows, source, serviceOfSource),
    ordinals: source,
  };
}
