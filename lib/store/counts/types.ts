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

/** A span, as far as edges to or from spans of other plans need it. */
export interface Half {
  /** 48 bits of a hash of trace and span id. */
  readonly hash: number;
  readonly service: string;
  readonly side: Side;
  /** Hashes of the spans it refers to (parent, links within the trace) whose edge this plan could not settle. */
  readonly references: readonly number[];
  /** The service that it says it called; counts when it is a leaf. */
  readonly peer: string | undefined;
  /** Whether a span of its own plan refers to it. */
  readonly isReferred: boolean;
}

/** One body of counts (a plan's hour may need several). */
export interface Counts {
  readonly minutes: readonly MinuteCounts[];
  /** Settled: both ends were in the plan, and nothing that is still to come can change them. */
  readonly edges: readonly Edge[];
  readonly halves: readonly Half[];
  /** Operations beyond the plan's cap. */
  readonly foldedOperations: number;
}
