import { tooManySpans } from "./request-spans.ts";
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

/** Bits of a row's hints: it has links; one of its attributes may be `peer.service`. */
export const HAS_LINKS = 1;
export const MAY_NAME_PEER = 2;

type Offsets = Uint32Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;

const NO_OFFSETS: Offsets = new Uint32Array(0);
const NO_BYTES: Bytes = new Uint8Array(0);

const OFFSET_COLUMNS = 12;
const BYTE_COLUMNS = 3;

/** Bytes of input for each row that room is made for at first: spans are rarely smaller, and growing copies everything. */
const EXPECTED_SPAN_BYTES = 256;

/**
 * Spans as columns of offsets into `bytes`, in the order in which they stand there. Nothing is decoded: a column says
 * where a field's value lies. 0 is never a valid offset of a value (a tag stands before it), so 0 means "not set".
 */
export class SpanTable {
  bytes: Uint8Array;
  readonly sources: Source[] = [];
  count = 0;
  /** The Span message's body. */
  start = NO_OFFSETS;
  end = NO_OFFSETS;
  /** Index into `sources`. */
  source = NO_OFFSETS;
  /** Where the 16 bytes of the trace id and the 8 of the span id begin. */
  traceId = NO_OFFSETS;
  spanId = NO_OFFSETS;
  /** Where the 8 bytes of the parent's id begin; 0 for a root (none, or all zero). */
  parentId = NO_OFFSETS;
  nameStart = NO_OFFSETS;
  nameEnd = NO_OFFSETS;
  /** start_time_unix_nano and end_time_unix_nano, as halves. */
  startLow = NO_OFFSETS;
  startHigh = NO_OFFSETS;
  endLow = NO_OFFSETS;
  endHigh = NO_OFFSETS;
  /** SpanKind; values that OTLP does not know count as 0. */
  kind = NO_BYTES;
  /** StatusCode; values that OTLP does not know count as 0. */
  status = NO_BYTES;
  /** {@link HAS_LINKS}, {@link MAY_NAME_PEER}: what few spans have, so that the others need not be walked over for it. */
  hints = NO_BYTES;

  private readonly most: number;

  /** @param most rows that there may be */
  constructor(bytes: Uint8Array, most = Number.POSITIVE_INFINITY) {
    this.bytes = bytes;
    this.most = most;
    this.resize(Math.min(most, 8 + Math.ceil(bytes.length / EXPECTED_SPAN_BYTES)));
  }

  /** Makes room for one more row and returns its index; the caller fills every column. Throws too_large when there is one too many. */
  add(): number {
    if (this.count === this.start.length) this.grow();
    return this.count++;
  }

  private grow(): void {
    if (this.count >= this.most) throw tooManySpans();
    this.resize(Math.min(this.most, this.count * 2));
  }

  /** Copies a row over another. */
  move(from: number, to: number): void {
    for (const column of this.columns()) column[to] = column[from] as number;
  }

  private columns(): (Uint32Array | Uint8Array)[] {
    return [
      ...[this.start, this.end, this.source, this.traceId, this.spanId, this.parentId, this.nameStart, this.nameEnd],
      ...[this.startLow, this.startHigh, this.endLow, this.endHigh, this.kind, this.status, this.hints],
    ];
  }

  startNanos(row: number): bigint {
    return joinHalves(this.startLow[row] as number, this.startHigh[row] as number);
  }

  endNanos(row: number): bigint {
    return joinHalves(this.endLow[row] as number, this.endHigh[row] as number);
  }

  /** All columns lie in one buffer: fourteen would cost more than the scan of a small request. Whoever adds a row fills it. */
  private resize(rows: number): void {
    const { buffer } = Buffer.allocUnsafeSlow(rows * (OFFSET_COLUMNS * Uint32Array.BYTES_PER_ELEMENT + BYTE_COLUMNS));
    let at = 0;
    const offsets = (old: Offsets): Offsets => {
      const column = new Uint32Array(buffer, at, rows);
      column.set(old);
      at += column.byteLength;
      return column;
    };
    const small = (old: Bytes): Bytes => {
      const column = new Uint8Array(buffer, at, rows);
      column.set(old);
      at += column.byteLength;
      return column;
    };
    this.start = offsets(this.start);
    this.end = offsets(this.end);
    this.source = offsets(this.source);
    this.traceId = offsets(this.traceId);
    this.spanId = offsets(this.spanId);
    this.parentId = offsets(this.parentId);
    this.nameStart = offsets(this.nameStart);
    this.nameEnd = offsets(this.nameEnd);
    this.startLow = offsets(this.startLow);
    this.startHigh = offsets(this.startHigh);
    this.endLow = offsets(this.endLow);
    this.endHigh = offsets(this.endHigh);
    this.kind = small(this.kind);
    this.status = small(this.status);
    this.hints = small(this.hints);
  }
}
