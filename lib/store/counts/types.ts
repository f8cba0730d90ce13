import type { Sketch } from "./sketch.ts";

/** What one plan counted of one operation in one minute. */
export interface MinuteCounts {
  readonly service: string;
  /** Empty for the rest: operations beyond the cap, all under one name (a sanitized span name is never empty). */
  readonly operation: string;
  /** 0 to 5, see KINDS. */
  readonly kind: number;
  /** Minute of the hour, 0 to 59, of the spans' starts. */
  readonly minute: number;
  readonly calls: number;
  /** Spans with status error. */
  readonly errors: number;
  readonly durations: Sketch;
}

export interface Edge {
  readonly parent: string;
  readonly child: string;
  readonly calls: number;
}

/** Zipkin lets the two ends of a call share one span id, so an id is told apart by its side. */
export type Side = "client" | "server" | "neither";

/** Index = OTLP's kind. Producers call, consumers are called (reference: spark-dependencies). */
export const SIDES: readonly Side[] = ["neither", "neither", "server", "client", "client", "server"];

/** Spans, as far as edges to or from spans of other plans need them; columns, because there is one of every span. */
export interface Halves {
  readonly count: number;
  /** 48 bits of a hash of trace and span id, ascending; the upper 8 are the trace's alone. */
  readonly hash: Float64Array;
  /** Index into the body's services. */
  readonly service: Uint32Array;
  /** Index into SIDE_CODES, and IS_REFERRED when a span of its own plan refers to it. */
  readonly flags: Uint8Array;
  /** Per half, and one more: where its references begin in `references`. */
  readonly starts: Uint32Array;
  /** Hashes of the spans referred to (parent, links within the trace) whose edge the plan could not settle. */
  readonly references: readonly number[];
  /** The service that a half says it called, by half; counts when it is a leaf. */
  readonly peers: ReadonlyMap<number, string>;
}

/** What one body of counts says of calls between services. */
export interface EdgeCounts {
  readonly services: readonly string[];
  /** Settled: both ends were in the plan, and nothing that is still to come can change them. */
  readonly edges: readonly Edge[];
  readonly halves: Halves;
}

/** What one body of counts says of operations (a plan's hour may need several). */
export interface OperationCounts {
  readonly minutes: readonly MinuteCounts[];
  /** Operations beyond the plan's cap. */
  readonly foldedOperations: number;
  /** How many halves the body holds. */
  readonly halves: number;
}
