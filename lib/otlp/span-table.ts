import { joinHalves } from "./wire.ts";

/** Where bytes lie in a table's `bytes`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The bytes that a group of spans shares: its ResourceSpans and ScopeSpans message bodies, children included. */
export interface Source {
  /** One object for all scopes of a ResourceSpans, so that what follows from it need be found only once. */
  readonly resource: Range;
  readonly scope: Range;
}

/**
 * Spans as columns of offsets into `bytes`, in the order in which they stand there. Nothing is decoded: a column says
 * where a field's value lies. 0 is never a valid offset of a value (a tag stands before it), so 0 means "not set".
 */
export class SpanTable {
  readonly bytes: Uint8Array;
  readonly sources: Source[] = [];
  count = 0;
  /** The Span message's body. */
  start = new Uint32Array(64);
  end = new Uint32Array(64);
  /** Index into `sources`. */
  source = new Uint32Array(64);
  /** Where the 16 bytes of the trace id and the 8 of the span id begin. */
  traceId = new Uint32Array(64);
  spanId = new Uint32Array(64);
  /** Where the 8 bytes of the parent's id begin; 0 for a root (none, or all zero). */
  parentId = new Uint32Array(64);
  nameStart = new Uint32Array(64);
  nameEnd = new Uint32Array(64);
  /** start_time_unix_nano and end_time_unix_nano, as halves. */
  startLow = new Uint32Array(64);
  startHigh = new Uint32Array(64);
  endLow = new Uint32Array(64);
  endHigh = new Uint32Array(64);
  /** SpanKind; values that OTLP does not know count as 0. */
  kind = new Uint8Array(64);
  /** StatusCode; values that OTLP does not know count as 0. */
  status = new Uint8Array(64);

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Makes room for one more row and returns its index; the caller fills every column. */
  add(): number {
    if (this.count === this.start.length) this.grow();
    return this.count++;
  }

  /** Copies a row over another. */
  move(from: number, to: number): void {
    for (const column of this.columns()) column[to] = column[from] as number;
  }

  private columns(): (Uint32Array | Uint8Array)[] {
    return [
      ...[this.start, this.end, this.source, this.traceId, this.spanId, this.parentId, this.nameStart, this.nameEnd],
      ...[this.startLow, this.startHigh, this.endLow, this.endHigh, this.kind, this.status],
    ];
  }

  startNanos(row: number): bigint {
    return joinHalves(this.startLow[row] as number, this.startHigh[row] as number);
  }

  endNanos(row: number): bigint {
    return joinHalves(this.endLow[row] as number, this.endHigh[row] as number);
  }

  private grow(): void {
    const size = this.start.length * 2;
    this.start = grown(this.start, size);
    this.end = grown(this.end, size);
    this.source = grown(this.source, size);
    this.traceId = grown(this.traceId, size);
    this.spanId = grown(this.spanId, size);
    this.parentId = grown(this.parentId, size);
    this.nameStart = grown(this.nameStart, size);
    this.nameEnd = grown(this.nameEnd, size);
    this.startLow = grown(this.startLow, size);
    this.startHigh = grown(this.startHigh, size);
    this.endLow = grown(this.endLow, size);
    this.endHigh = grown(this.endHigh, size);
    this.kind = grownBytes(this.kind, size);
    this.status = grownBytes(this.status, size);
  }
}

function grown(old: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(size);
  more.set(old);
  return more;
}

function grownBytes(old: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(size);
  more.set(old);
  return more;
}
