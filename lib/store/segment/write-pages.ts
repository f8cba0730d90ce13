import { measured } from "../../otlp/regroup.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { SegmentLimits } from "./limits.ts";
import type { SegmentSpans } from "./segment-spans.ts";
import { writeColumns } from "./write-columns.ts";

export const PAGE_VERSION = 1;

export interface WrittenPages {
  readonly items: readonly Uint8Array[];
  /** Per row of the segment: the item with which its page begins. */
  readonly page: Uint32Array;
}

/** Tags and lengths around a span, and around a source with its resource. */
const SPAN_OVERHEAD_BYTES = 4;
const SOURCE_OVERHEAD_BYTES = 10;

/**
 * Whole traces together, those with the newest span first, so that the newest traces are on few pages. A trace that is
 * larger than a page goes on over several. A page whose compressed bytes exceed an item goes on in the items after it.
 */
export function writePages(spans: SegmentSpans, limits: SegmentLimits): WrittenPages {
  const items: Uint8Array[] = [];
  const page = new Uint32Array(spans.tableRow.length);
  const place = places(spans);
  for (const rows of pageRows(spans, limits.pageBytes)) {
    for (const row of rows) page[row] = items.length;
    items.push(...cut(pageBody(spans, byPlace(rows, place)), limits.itemBytes));
  }
  return { items, page };
}

/** Rows by place; those of one place as they come. Places with positions below them are sorted as numbers while they fit one. */
function byPlace(rows: readonly number[], place: Float64Array): number[] {
  const packed = Float64Array.from(rows, (row, i) => (place[row] as number) * rows.length + i);
  if (packed.every((value) => value <= Number.MAX_SAFE_INTEGER))
    return Array.from(packed.sort(), (value) => rows[value % rows.length] as number);
  return rows.toSorted((a, b) => (place[a] as number) - (place[b] as number));
}

/**
 * Rows of the segment, page by page. A page over its size is closed only when no more than half of it repeats sources of
 * earlier pages: a large resource that many traces share would else be written once for each of them.
 */
function* pageRows(spans: SegmentSpans, mostBytes: number): Generator<number[]> {
  const { plan, source, tableSource } = spans;
  const { ordinal, distinct } = plan.sources;
  const lastPage = new Uint32Array(tableSource.length);
  let pageNumber = 1;
  let rows: number[] = [];
  let freshBytes = 0;
  let repeatedBytes = 0;
  for (const unit of units(spans, mostBytes)) {
    let size = 0;
    for (const row of unit) size += spanBytes(spans, row);
    if (rows.length > 0 && freshBytes + repeatedBytes + size > mostBytes && freshBytes >= repeatedBytes) {
      yield rows;
      pageNumber++;
      rows = [];
      freshBytes = 0;
      repeatedBytes = 0;
    }
    freshBytes += size;
    for (const row of unit) {
      rows.push(row);
      const own = source[row] as number;
      if (lastPage[own] === pageNumber) continue;
      const shared = distinct[ordinal[tableSource[own] as number] as number];
      const bytes = (shared?.resource.length ?? 0) + (shared?.scope.length ?? 0) + SOURCE_OVERHEAD_BYTES;
      if (lastPage[own] === 0) freshBytes += bytes;
      else repeatedBytes += bytes;
      lastPage[own] = pageNumber;
    }
  }
  if (rows.length > 0) yield rows;
}

/** What must not be torn apart: a trace, or a single span of a trace that fits no page. */
function* units(spans: SegmentSpans, mostBytes: number): Generator<Iterable<number>> {
  for (const rows of rowsByTrace(spans)) {
    let size = 0;
    for (const row of rows) size += spanBytes(spans, row);
    if (size <= mostBytes) yield rows;
    else for (const row of rows) yield [row];
  }
}

function spanBytes(spans: SegmentSpans, row: number): number {
  const { table } = spans.plan;
  const at = spans.tableRow[row] as number;
  return (table.end[at] as number) - (table.start[at] as number) + SPAN_OVERHEAD_BYTES;
}

/** Traces are numbered newest first, so this is their order in the pages. */
function* rowsByTrace({ trace, traceHash }: SegmentSpans): Generator<Uint32Array> {
  const ends = new Uint32Array(traceHash.length + 1);
  for (const own of trace) ends[own + 1] = (ends[own + 1] as number) + 1;
  for (let i = 1; i < ends.length; i++) ends[i] = (ends[i] as number) + (ends[i - 1] as number);
  const starts = ends.slice();
  const rows = new Uint32Array(trace.length);
  for (let row = 0; row < trace.length; row++) {
    const own = trace[row] as number;
    const at = ends[own] as number;
    rows[at] = row;
    ends[own] = at + 1;
  }
  for (let own = 0; own < traceHash.length; own++) yield rows.subarray(starts[own], starts[own + 1]);
}

/**
 * Where a row stands within its page. Sources of equal resources stand side by side, which is how regrouping would place
 * them whatever messages they came in: so the n-th row is the n-th span of the page. Like operations follow each other.
 */
function places(spans: SegmentSpans): Float64Array {
  const { ordinal, distinct } = spans.plan.sources;
  const resources = new Map<string, number>();
  const resourceOf = Array.from(spans.tableSource, (at) => {
    const shared = distinct[ordinal[at] as number];
    const key = shared === undefined ? "" : Buffer.from(shared.resource).toString("latin1");
    const number = resources.get(key) ?? resources.size;
    resources.set(key, number);
    return number;
  });
  const sources = resourceOf.length;
  const operations = spans.operations.name.length;
  const {
    source,
    operations: { number },
  } = spans;
  const place = new Float64Array(source.length);
  for (let row = 0; row < place.length; row++) {
    const own = source[row] as number;
    place[row] = ((resourceOf[own] as number) * sources + own) * operations + (number[row] as number);
  }
  return place;
}

/** Where a page's message stands until it is written: a fresh buffer each time costs as much as filling it. */
let scratch = Buffer.allocUnsafeSlow(512 * 1024);
const bodyRoom = new ByteWriter(64 * 1024);

/** Valid until the next call. */
function pageBody(spans: SegmentSpans, rows: readonly number[]): Uint8Array {
  const { plan, tableRow } = spans;
  const regrouped = measured(
    plan.table,
    rows.map((row) => tableRow[row] as number),
    plan.sources.ordinal,
  );
  if (scratch.length < regrouped.length) scratch = Buffer.allocUnsafeSlow(regrouped.length);
  regrouped.copyTo(scratch, 0);
  const traces = scratch.subarray(0, regrouped.length);
  const received = receivedTimes(spans, rows);
  bodyRoom.reset();
  bodyRoom.varint(received.length);
  bodyRoom.raw(received);
  writeColumns(bodyRoom, traces);
  return bodyRoom.view();
}

/** Spans that state no start, each as how many spans lie between it and the one before, and its received time less that one's. */
function receivedTimes(spans: SegmentSpans, rows: readonly number[]): Uint8Array {
  const { table, receivedNanos } = spans.plan;
  const out = new ByteWriter();
  let lastPlace = -1;
  let lastNanos = 0n;
  rows.forEach((row, place) => {
    const at = spans.tableRow[row] as number;
    if (table.startLow[at] !== 0 || table.startHigh[at] !== 0) return;
    const nanos = receivedNanos[at] as bigint;
    out.varint(place - lastPlace - 1);
    out.zigzag64(nanos - lastNanos);
    lastPlace = place;
    lastNanos = nanos;
  });
  return out.view();
}

/** The first item says how many follow. */
function cut(body: Uint8Array, itemBytes: number): Uint8Array[] {
  const room = itemBytes - PAGE_HEAD_BYTES;
  const count = Math.max(1, Math.ceil(body.length / room));
  return Array.from({ length: count }, (_, n) => {
    const part = body.subarray(n * room, (n + 1) * room);
    const head = new ByteWriter(PAGE_HEAD_BYTES);
    head.byte(PAGE_VERSION);
    head.varint(count - 1 - n);
    const item = new Uint8Array(head.length + part.length);
    item.set(head.view());
    item.set(part, head.length);
    return item;
  });
}

/** The version, and how many items of the same page follow. */
const PAGE_HEAD_BYTES = 4;
