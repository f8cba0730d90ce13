import { traceJson } from "../../lib/jaeger/trace-json.ts";
import type { Trace } from "../../lib/model/span.ts";
import { decodeSpans } from "../../lib/otlp/decode.ts";

/** Each span of TracesData bytes as Jaeger's JSON shows it, its process beside it; in the order of the bytes. */
export function shownAsJaeger(traces: Uint8Array) {
  return decodeSpans(traces, () => undefined).map((span) => {
    const trace: Trace = { traceId: span.traceId, spans: [span], warnings: [] };
    const json = JSON.parse(traceJson(trace));
    const { processID, ...shown } = json.spans[0];
    return { ...shown, process: json.processes[processID] };
  });
}
