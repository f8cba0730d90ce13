/** What a search asks. All conditions must hold on one and the same span (DESIGN 5). */
export interface TraceQuery {
  readonly service: string | undefined;
  readonly operation: string | undefined;
  /** Compared with the string rendering of every attribute of that key; special keys as in jaeger-wire 3.3. */
  readonly tags: readonly Tag[];
  /** On the span's start, Unix epoch nanoseconds, both inclusive. */
  readonly startMinNanos: bigint;
  readonly startMaxNanos: bigint;
  /** On the span's duration, both inclusive. */
  readonly durationMinNanos: bigint | undefined;
  readonly durationMaxNanos: bigint | undefined;
  /** Traces, at least 1. */
  readonly limit: number;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** Where a caller says a trace lies; the search for an id then stays near it. */
export interface TimeHint {
  readonly startNanos: bigint | undefined;
  readonly endNanos: bigint | undefined;
}

export interface Operation {
  readonly name: string;
  /** 0 to 5, see KINDS. */
  readonly kind: number;
}
