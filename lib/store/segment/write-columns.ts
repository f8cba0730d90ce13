import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../../model/ids.ts";
import { uint32At } from "../../otlp/wire.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { IdNumbers } from "./id-numbers.ts";
import { END_TIME, HoleList, PARENT_ID, SPAN_ID, TRACE_ID, walkHoles } from "./page-holes.ts";
import { type Halves, TimeLine } from "./page-times.ts";
import { SMALL_LEVEL, writeStream } from "./streams.ts";

/** A page of less than this is a whole small segment's, or the last one of a large one. */
const SMALL_BYTES = 64 * 1024;

/**
 * A page's message in two streams: without ids and times, and these as columns. They are most of what is left of a span
 * once it is compressed, and take half of that as columns: a time differs little from the one of its trace before it, a
 * parent mostly stands in the page, and zstd need not look for what repeats in noise.
 */
export function writeColumns(out: ByteWriter, traces: Uint8Array): void {
  holes.reset();
  walkHoles(new ByteReader("page", traces), traces.length, false, (kind, at) => holes.add(kind, at));
  const columns = new ColumnsWriter(traces, holes);
  out.varint(traces.length);
  sections.reset();
  columns.writeWords(sections);
  for (const column of columns.write()) writeSection(sections, column);
  writeStream(out, sections.view(), false, traces.length < SMALL_BYTES ? SMALL_LEVEL : undefined);
  sections.reset();
  for (const column of columns.noise()) writeSection(sections, column);
  writeStream(out, sections.view(), !columns.hasStrangers());
}

/** Room for one page's holes and sections at a time, and its columns: fresh buffers for each page cost as much as filling them. */
const holes = new HoleList();
const sections = new ByteWriter(512 * 1024);

/** With its length before it; several make one stream: a call of zstd costs more than these are worth by themselves. */
function writeSection(to: ByteWriter, section: Uint8Array): void {
  to.varint(section.length);
  to.raw(section);
}

const room = {
  traceSteps: new ByteWriter(1024),
  parents: new ByteWriter(1024),
  highs: [new ByteWriter(4096), new ByteWriter(4096)],
  lows: [new ByteWriter(1024), new ByteWriter(1024)],
  mids: [new ByteWriter(1024), new ByteWriter(1024)],
  spanIds: new ByteWriter(16 * 1024),
  traceIds: new ByteWriter(4096),
  strangers: new ByteWriter(1024),
} as const;

/** One stranger among so many spans. */
const STRANGERS_SHARE = 16;

class ColumnsWriter {
  private readonly traces: Uint8Array;
  private readonly holes: HoleList;
  private readonly times = new TimeLine();
  private readonly traceSteps = room.traceSteps;
  private readonly parents = room.parents;
  private readonly highs = room.highs;
  private readonly lows = room.lows;
  private readonly mids = room.mids;
  private readonly spanIds = room.spanIds;
  private readonly traceIds = room.traceIds;
  private readonly strangers = room.strangers;

  constructor(traces: Uint8Array, holes: HoleList) {
    this.traces = traces;
    this.holes = holes;
    for (const column of Object.values(room).flat()) column.reset();
  }

  /** The message without its holes, as a section. */
  writeWords(out: ByteWriter): void {
    const { traces, holes } = this;
    const from = Buffer.from(traces.buffer, traces.byteOffset, traces.length);
    out.varint(traces.length - holes.bytes);
    const rest = out.room(traces.length - holes.bytes);
    let to = 0;
    let at = 0;
    for (let i = 0; i < holes.count; i++) {
      const hole = holes.at[i] as number;
      // A call to copy costs more than a tag and a length.
      if (hole - at > 32) to += from.copy(rest, to, at, hole);
      else while (at < hole) rest[to++] = traces[at++] as number;
      at = holes.end(i);
    }
    from.copy(rest, to, at);
  }

  write(): Uint8Array[] {
    const { traces, holes } = this;
    const spans = new IdNumbers(traces, SPAN_ID_BYTES, holes.countOf(SPAN_ID));
    for (let i = 0; i < holes.count; i++) if (holes.kind[i] === SPAN_ID) spans.add(holes.at[i] as number);
    const known = new IdNumbers(traces, TRACE_ID_BYTES, holes.countOf(TRACE_ID));
    let nextParent = 0;
    let trace = -1;
    for (let i = 0; i < holes.count; i++) {
      const at = holes.at[i] as number;
      const kind = holes.kind[i] as number;
      if (kind === SPAN_ID) this.copy(this.spanIds, at, SPAN_ID_BYTES);
      else if (kind === TRACE_ID) {
        const found = known.find(at);
        if (found < 0) {
          this.traceSteps.varint(0);
          this.copy(this.traceIds, at, TRACE_ID_BYTES);
          trace = known.add(at);
        } else {
          writeStep(this.traceSteps, found - trace - 1);
          trace = found;
        }
      } else if (kind === PARENT_ID) {
        const found = spans.find(at);
        if (found < 0) {
          this.parents.varint(0);
          this.copy(this.strangers, at, SPAN_ID_BYTES);
        } else {
          writeStep(this.parents, found - nextParent);
          nextParent = found + 1;
        }
      } else {
        const isEnd = kind === END_TIME;
        this.time(isEnd ? 1 : 0, this.times.difference(trace, isEnd, uint32At(traces, at), uint32At(traces, at + 4)));
      }
    }
    return [this.traceSteps, this.parents, ...this.highs].map((column) => column.view());
  }

  /** What does not repeat; after {@link write}. */
  noise(): Uint8Array[] {
    return [this.spanIds, this.traceIds, this.strangers, ...this.lows, ...this.mids].map((column) => column.view());
  }

  /** Whether many parents are from elsewhere: one that has several children here repeats, among ids that do not. */
  hasStrangers(): boolean {
    return this.strangers.length * STRANGERS_SHARE > this.spanIds.length;
  }

  private time(column: 0 | 1, { low, high }: Halves): void {
    this.lows[column].byte(low & 0xff);
    this.mids[column].byte((low >>> 8) & 0xff);
    this.highs[column].varint(high * 0x1_0000 + (low >>> 16));
  }

  /** Too few bytes for a call. */
  private copy(out: ByteWriter, start: number, length: number): void {
    for (let at = start; at < start + length; at++) out.byte(this.traces[at] as number);
  }
}

/** A signed number, and never 0: that says that there is none. */
const writeStep = (out: ByteWriter, step: number): void => out.varint(((step << 1) ^ (step >> 31)) + 1);
