import { encodeRequest, type Traffic, type TrafficSpan, traces } from "../data/traffic.ts";

export interface Sent {
  readonly spans: number;
  /** ExportTraceServiceRequest. */
  readonly bytes: Uint8Array;
}

/** A Collector's batch processor sends this many spans at a time by default. */
const COLLECTOR_BATCH = 8192;

/** 5,000 spans a second. */
const SPANS_PER_MILLI = 5;

/** When the seeded traffic begins: a whole hour, so that a short run stays in one. */
export const TRAFFIC_START_MILLIS = 497_500 * 3_600_000;

/** As a Collector in front of the services sends it, spans in the order in which they ended, traces mingled. Nothing but bytes is kept. */
export function collectorRequests(
  spans: number,
  traffic: Pick<Traffic, "seed" | "spansPerTrace" | "randomShare">,
  startMillis: number = TRAFFIC_START_MILLIS + 60_000,
): Sent[] {
  const sent: Sent[] = [];
  let pending: TrafficSpan[] = [];
  const flush = () => {
    const ended = pending.toSorted((a, b) => (a.endNanos < b.endNanos ? -1 : 1));
    for (let at = 0; at < ended.length; at += COLLECTOR_BATCH) {
      const part = ended.slice(at, at + COLLECTOR_BATCH);
      sent.push({ spans: part.length, bytes: encodeRequest(part) });
    }
    pending = [];
  };
  const count = Math.ceil(spans / traffic.spansPerTrace);
  const spreadMillis = spans / SPANS_PER_MILLI;
  for (const trace of traces({ ...traffic, traces: count, startMillis, spreadMillis })) {
    for (const span of trace) pending.push(span);
    if (pending.length >= COLLECTOR_BATCH * 2) flush();
  }
  flush();
  return sent;
}

export const spansOf = (sent: readonly Sent[]): number => sent.reduce((sum, { spans }) => sum + spans, 0);
export const bytesOf = (sent: readonly Sent[]): number => sent.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** The data sets: the shop, and the shop with 30 % random attribute bytes, which nothing here was tuned to. */
export const DATA_SETS = [
  { name: "shop", seed: 1, spansPerTrace: 9.5 },
  { name: "random", seed: 2, spansPerTrace: 9.5, randomShare: 0.3 },
] as const;
