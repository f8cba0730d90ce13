import type { TraceId } from "../model/ids.ts";
import type { Trace } from "../model/span.ts";
import type { Operation, TimeHint, TraceQuery } from "../model/trace-query.ts";

/** The part of a plan that everything written follows from. */
export interface WritePlan {
  /** The stream's name and creation time. */
  readonly stream: string;
  readonly shardId: string;
  /** Sequence numbers, both inclusive. */
  readonly first: string;
  readonly last: string;
  /** Milliseconds since the epoch: when the plan was made. */
  readonly at: number;
  /** Hours (since the epoch) up to this one get late heads. */
  readonly closed: number;
}

/** Spans of one tenant that arrived together: one stream record, decoded. */
export interface Batch {
  readonly tenant: string;
  /** Unix epoch nanoseconds: the start of every span that states none. */
  readonly receivedNanos: bigint;
  /** TracesData. */
  readonly traces: Uint8Array;
}

export interface TraceWriter {
  /** Makes of one batch all that a write would, and forgets it. Throws invalid_argument when the table could never hold it. */
  check(batch: Batch): void;
  /** Writes all that the batches hold, heads last. The same plan and batches always write the same bytes to the same keys. Throws
   * invalid_argument, before anything is written, for what {@link check} throws. */
  write(plan: WritePlan, batches: readonly Batch[]): Promise<WriteReport>;
}

/** What became of a plan's spans; for metrics. */
interface WriteReport {
  /** Those that stand in the store now; a resend within the plan is not counted again. */
  readonly spans: number;
  /** Left out, because when they were received their hour had expired, or was in the future. */
  readonly dropped: number;
  /** Services and operations that a later plan has to bring, because this one brought so many. */
  readonly waitingNames: number;
}

export interface TraceReader {
  /** Every stored span of the trace; undefined when there is none. */
  trace(tenant: string, id: TraceId, hint?: TimeHint): Promise<Trace | undefined>;
  /** The same for several, in their order, without those of which nothing is stored. */
  traces(tenant: string, ids: readonly TraceId[], hint?: TimeHint): Found;
  /** @param pageToken what the page before told: with the same query, whatever its limit; invalid_argument, once traces are asked for, with any other */
  find(tenant: string, query: TraceQuery, pageToken?: string): Found;
}

/** What a question finds, as it finds it. Nothing is read before the first trace is asked for. */
export interface Found {
  /** Whole traces; those of a search ordered by their newest matching span's start, newest first, then by trace id. Can be walked once. */
  readonly traces: AsyncIterable<Trace>;
  /** After the last trace: false when the question's budget ended first, or part of the store could not be read, so that more may match. */
  isComplete(): boolean;
  /** After the last trace of a search: says where the next page begins; undefined when nothing is left, or nothing was gained. */
  nextPageToken(): string | undefined;
}

export interface Names {
  /** Sorted. */
  services(tenant: string): Promise<readonly string[]>;
  /** Sorted by name, then kind. */
  operations(tenant: string, service: string): Promise<readonly Operation[]>;
}

/** An attribute key, as it was seen of late on spans of a service. */
export interface AttributeName {
  readonly key: string;
  /** OTLP's: string, bool, int, double, array, map, bytes, empty. */
  readonly types: readonly string[];
  /** Where it stood: span, event, link, resource, scope. */
  readonly levels: readonly string[];
  /** Its frequent values as text, the most frequent first. */
  readonly values: readonly string[];
}

export interface AttributeNames {
  /** Sorted by key; of all services when none is named. A sample: what is rare may be missing. */
  attributes(tenant: string, service: string | undefined): Promise<readonly AttributeName[]>;
}

/** How often one service called another. */
export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly calls: number;
}

export interface DependencyGraph {
  /** Each pair of services once, sorted by parent, then child. */
  readonly edges: readonly Dependency[];
  /** Calls from spans that are nowhere: not sent, or not yet. */
  readonly unmet: number;
  /** False when there was more to be joined than could be held: calls whose ends came minutes apart may be missing. */
  readonly isComplete: boolean;
}

export interface Dependencies {
  /** Calls of the spans that started in the hours in which the two times lie, and in those between; milliseconds since the epoch. */
  dependencies(tenant: string, startMillis: number, endMillis: number): Promise<DependencyGraph>;
}

/** All of it, as one store. */
export interface TraceStore extends TraceWriter, TraceReader, Names, AttributeNames, Dependencies {}
