import { TracingError } from "./errors.ts";

/**
 * Tags, log fields, references and the like of one span in another protocol than OTLP, and of what describes its process.
 * Each is an object of up to 450 bytes while the span is read, whatever the two bytes that it is written with: this many
 * are 30 MB, and sixty-four times what is kept of them.
 */
const MAX_SPAN_PARTS = 65_536;

/**
 * The same of all spans of a request: so many take two seconds. A request of the largest size, as clients write it, has
 * three million.
 */
const MAX_REQUEST_PARTS = 4_000_000;

/** Counts what a request of another protocol holds, while it is read. */
export class Parts {
  private ofRequest = 0;
  private ofSpan = 0;

  /** Another span, or process, begins. */
  begin(): void {
    this.ofSpan = 0;
  }

  /** One more. Throws too_large when it is one too many. */
  add(): void {
    if (++this.ofSpan > MAX_SPAN_PARTS)
      throw tooLarge(`a span or process has more than ${MAX_SPAN_PARTS} tags, log fields and references together`);
    if (++this.ofRequest > MAX_REQUEST_PARTS)
      throw tooLarge(
        `the request has more than ${MAX_REQUEST_PARTS} tags, log fields and references; send smaller batches`,
      );
  }
}

const tooLarge = (message: string): TracingError => new TracingError("too_large", message);
