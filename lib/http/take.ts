import { invalid } from "../model/errors.ts";
import type { Ingest } from "../pipeline/ingest.ts";

/**
 * Takes a request of a protocol that has no partial success. What is kept must not be sent again, so that only a request of
 * which nothing is kept is refused: with invalid_argument, and the reasons.
 */
export async function takeSpans(ingest: Ingest, tenant: string, traces: Uint8Array): Promise<void> {
  const { acceptedSpans, rejectedSpans, message } = await ingest(tenant, traces);
  if (rejectedSpans > 0 && acceptedSpans === 0) throw invalid(message);
}
