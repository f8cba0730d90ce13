import type { Measure } from "../runtime/metrics.ts";
import type { Ingest } from "./ingest.ts";

type Counted = "otelcol_receiver_accepted_spans" | "otelcol_receiver_refused_spans" | "skua_truncated_spans";

/** Ingest, with its spans counted. Of a request that is refused as a whole nobody knows how many it brought. */
export const measuredIngest =
  (ingest: Ingest, measure: Measure<Counted>): Ingest =>
  async (tenant, traces) => {
    const outcome = await ingest(tenant, traces);
    measure("otelcol_receiver_accepted_spans", outcome.acceptedSpans);
    if (outcome.rejectedSpans > 0)
      measure("otelcol_receiver_refused_spans", outcome.rejectedSpans, { reason: "unacceptable" });
    if (outcome.truncatedSpans) measure("skua_truncated_spans", outcome.truncatedSpans);
    return outcome;
  };
