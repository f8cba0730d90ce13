import { TracingError } from "../model/errors.ts";

/**
 * Spans of one request: four times the largest trace that is shown whole, twenty-four times what a Collector sends at
 * once. Spans of nothing but ids are thirty bytes long, so that without a ceiling one request of the largest size has two
 * million, and each with a resource of its own takes nine seconds and 1.4 GB; with it a third of one and 154 MB.
 */
export const MAX_REQUEST_SPANS = 200_000;

/** Refuses the whole: nobody sends it again as it is, and whoever sent it is told how to send it. */
export const tooManySpans = (): TracingError =>
  new TracingError("too_large", `the request has more than ${MAX_REQUEST_SPANS} spans; send smaller batches`);
