import type { PlainSpan } from "../data/search-traces.ts";

/** An hour in which the tests' spans lie, and its first nanosecond. */
export const HOUR = 490_000;
export const HOUR_NANOS = 3_600_000_000_000n;
export const HOUR_START = BigInt(HOUR) * HOUR_NANOS;

export const TRACE = "0af7651916cd43dd8448eb211c80319c";

let spans = 0;

/** A span of a minute past the hour that takes a millisecond; each has an id of its own. */
export function plainSpan(more: Partial<PlainSpan> & { readonly service?: string } = {}): PlainSpan {
  const { service = "frontend", ...fields } = more;
  const start = fields.start ?? HOUR_START + 60_000_000_000n;
  return {
    traceId: TRACE,
    spanId: (++spans).toString(16).padStart(16, "0"),
    parentSpanId: "",
    traceState: "",
    flags: 0,
    name: "GET /",
    kind: 2,
    start,
    end: start + 1_000_000n,
    attributes: [],
    events: [],
    links: [],
    status: 0,
    statusMessage: "",
    resource: { attributes: [["service.name", { string: service }]] },
    scope: { name: "", version: "", attributes: [] },
    ...fields,
  };
}
