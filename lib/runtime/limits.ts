/** After decompression. OTLP asks every receiver to cap this and recommends 64 MiB (specification v1.11). */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * The same of JSON, which is read as a whole: text, objects and protobuf of one body are in memory together, and ingest's
 * function has a gigabyte. JSON is twice as long as protobuf, and comes from browsers and scripts, a few spans at a time.
 */
export const MAX_JSON_BODY_BYTES = 32 * 1024 * 1024;

/**
 * Spans that a trace is shown with (Jaeger's max_trace_size): a browser draws 50,000 in five seconds, and no person reads
 * more. A request may bring as many of one trace: all of them go to one shard, and without a ceiling a single runaway
 * loop would fill that shard for everyone.
 */
export const MAX_TRACE_SPANS = 50_000;

/** Hours that the spans of one request may start in. Each hour becomes a segment of its own, so each costs writes. */
export const MAX_HOURS_PER_REQUEST = 8;

/** How far ahead of our clock a span may start: more is a wrong clock, and would be stored beyond its retention. */
export const MAX_AHEAD_SECONDS = 3600;

/**
 * A resource's bytes count once for each of its scopes in what the indexer does. A request may bring so many times its
 * own size of them (and so much in any case): a large resource with thousands of scopes would hold a shard for hours.
 */
export const MAX_REPEATED_RESOURCE = { timesRequest: 16, bytes: 1024 * 1024 };

/**
 * Attributes of a span, and of each of its events and links, its resource and its scope. SDKs keep 128 of them unless told
 * otherwise; each becomes a term to search by, and nobody reads more.
 */
export const MAX_ATTRIBUTES = 1024;

/** Of one attribute's value: whole stack traces and statements fit; bodies of requests belong elsewhere, and would fill the pages that all spans are read from. */
export const MAX_VALUE_BYTES = 64 * 1024;

/** Different reasons that one partial success spells out; a client's log line has to stay readable. */
export const MAX_REASONS_TOLD = 5;

/** Requests that wait for the stream longer than this are given up: agents wait 10 to 30 seconds themselves. */
export const PUT_BUDGET_MILLIS = 8_000;
