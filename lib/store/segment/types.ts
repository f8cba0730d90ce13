/**
 * A segment is what one plan holds for one (tenant, hour): heads say what is inside, terms which spans, rows when and
 * how long, pages the spans themselves. Every part is bytes made by a pure function, and read by one.
 */

/** 16 bytes of SHA-256(stream, shard, first, last, tenant, hour), as 32 hex digits. */
export type SegmentId = string;

/** What prunes, and nothing else. */
export interface Head {
  readonly segment: SegmentId;
  readonly shardId: string;
  /** Sequence number of the plan's last record. */
  readonly last: string;
  readonly spans: number;
  readonly traces: number;
  /** Spans of which not every attribute is a term, because they have too many. */
  readonly cutSpans: number;
  /** Sanitized starts, Unix epoch nanoseconds, inclusive. */
  readonly minStart: bigint;
  readonly maxStart: bigint;
  /** Sanitized durations, nanoseconds, inclusive. */
  readonly minDuration: bigint;
  readonly maxDuration: bigint;
  /** Bit n is set when a span of OTLP kind n is inside. */
  readonly kinds: number;
  /** Whether a span of that service, or of that (service, operation), may be inside; never wrongly false. */
  mayHoldService(service: string): boolean;
  mayHoldOperation(service: string, operation: string): boolean;
  /** The upper bits of the services' terms (HEAD_HASH_BITS of them); undefined when any may be inside. */
  readonly serviceHashes: ReadonlySet<number> | undefined;
  readonly pages: number;
  readonly termParts: number;
  readonly rowParts: number;
  /** Where the parts are: here, in the head's own item (when it is known from elsewhere), in one D item, or each an item of its own. */
  readonly body: Bundle | "inline" | "bundled" | "parts";
}

/** All parts of a small segment in one run of bytes. */
export interface Bundle {
  page(n: number): Uint8Array;
  terms(n: number): Uint8Array;
  rows(n: number): Uint8Array;
}

/** What a term's hash leads to; hashes collide, so every hit is confirmed on the span itself. */
export interface Posting {
  /** Rows of the segment that carry the term themselves. */
  readonly rows: RowSet;
  /** Sources (resource and scope) that carry it: every row of such a source does. Ascending. */
  readonly sources: Uint32Array;
  /** Only for a trace id: the pages that hold its spans. Ascending. */
  readonly pages: Uint32Array;
}

export interface RowSet {
  readonly count: number;
  has(row: number): boolean;
  /** Ascending. */
  rows(): Uint32Array;
}

/** A run of up to 1,024 rows (row 0 of the segment is its newest span by start). */
export interface RowBlock {
  /** Row number of this block's first row within the segment. */
  readonly firstRow: number;
  readonly count: number;
  readonly minStart: bigint;
  readonly maxStart: bigint;
  readonly minDuration: bigint;
  readonly maxDuration: bigint;
  /** Decodes the columns; do it only when the ranges above do not rule the block out. */
  columns(): RowColumns;
}

export interface RowColumns {
  readonly source: Uint32Array;
  /** 4-byte hash of the trace id; equal ids have equal hashes. */
  readonly trace: Uint32Array;
  readonly page: Uint32Array;
  /** Index into `operations` of the part. */
  readonly operation: Uint32Array;
  readonly kind: Uint8Array;
  readonly startNanos: BigUint64Array;
  readonly durationNanos: BigUint64Array;
  /** OTLP's status code. */
  readonly status: Uint8Array;
  /** 1 where the span has no parent id. */
  readonly isRoot: Uint8Array;
}

export interface RowsPart {
  readonly blocks: readonly RowBlock[];
  /** Sanitized names. Very long ones are cut (a beginning of the name stands here); they are whole in the page. */
  readonly operations: readonly { readonly service: string; readonly operation: string; readonly isCut: boolean }[];
}

/** Stored fields of whole traces (of this plan). */
export interface Page {
  /** TracesData, grouped by source. */
  readonly traces: Uint8Array;
  /** The n-th span in `traces`, in order of bytes, that has no start of its own began when ingest received it: [n, Unix epoch nanoseconds]. Spans are counted from 0, those with a start too. */
  readonly received: ReadonlyMap<number, bigint>;
}
