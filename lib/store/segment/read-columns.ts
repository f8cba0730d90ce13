import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../../model/ids.ts";
import { ByteReader } from "./byte-reader.ts";
import { END_TIME, HOLE_BYTES, PARENT_ID, SPAN_ID, TRACE_ID, walkHoles } from "./page-holes.ts";
import { type Halves, TimeLine } from "./page-times.ts";
import { passStream, readStream } from "./streams.ts";

/** Lengths of sections, beside the bytes of the message itself. */
const SECTIONS_ROOM = 64;
/** What columns of a message may take, as a multiple of the message: each number is smaller than what it stands for, but for its first bit. */
const COLUMNS_SHARE = 2;

/** The message that writeColumns took apart. @param mostBytes that it may have */
export function readColumns(reader: ByteReader, mostBytes: number): Uint8Array {
  const length = reader.count(mostBytes, "bytes of spans");
  const room = length * COLUMNS_SHARE + SECTIONS_ROOM;
  const readWords = passStream(reader, room);
  const noise = readStream(reader, room);
  const words = readWords();
  const rest = section(words);
  const columns = new ColumnsReader(words, noise);
  const out = Buffer.alloc(length);
  const from = Buffer.from(rest.bytes.buffer, rest.bytes.byteOffset, rest.bytes.length);
  let copied = 0;
  let at = 0;
  walkHoles(rest, length, true, (kind, hole) => {
    at += from.copy(out, at, copied, hole);
    copied = hole;
    if (at + (HOLE_BYTES[kind] as number) > length) throw reader.fault("its spans are longer than it says");
    at = columns.fill(kind, out, at);
  });
  from.copy(out, at, copied);
  return out;
}

const section = (stream: ByteReader): ByteReader => new ByteReader(stream.part, stream.raw(stream.varint()));

class ColumnsReader {
  private readonly times = new TimeLine();
  private readonly traceSteps: ByteReader;
  private readonly parents: ByteReader;
  private readonly highs: readonly [ByteReader, ByteReader];
  private readonly spanIds: ByteReader;
  private readonly traceIds: ByteReader;
  private readonly strangers: ByteReader;
  private readonly lows: readonly [ByteReader, ByteReader];
  private readonly mids: readonly [ByteReader, ByteReader];
  private trace = -1;
  private traces = 0;
  private nextParent = 0;

  constructor(words: ByteReader, noise: ByteReader) {
    this.traceSteps = section(words);
    this.parents = section(words);
    this.highs = [section(words), section(words)];
    words.close();
    this.spanIds = section(noise);
    this.traceIds = section(noise);
    this.strangers = section(noise);
    this.lows = [section(noise), section(noise)];
    this.mids = [section(noise), section(noise)];
    noise.close();
  }

  /** Writes what belongs into a hole, and returns where it ends. */
  fill(kind: number, out: Buffer, at: number): number {
    if (kind === SPAN_ID) return copy(this.spanIds.raw(SPAN_ID_BYTES), out, at);
    if (kind === TRACE_ID) return copy(this.traceId(), out, at);
    if (kind === PARENT_ID) return copy(this.parentId(), out, at);
    const { low, high } = this.time(kind === END_TIME);
    out.writeUInt32LE(low, at);
    return out.writeUInt32LE(high, at + 4);
  }

  private traceId(): Uint8Array {
    const step = this.traceSteps.varint();
    this.trace = step === 0 ? this.traces++ : this.trace + 1 + stepOf(step);
    return idAt(this.traceIds, this.trace, TRACE_ID_BYTES);
  }

  private parentId(): Uint8Array {
    const step = this.parents.varint();
    if (step === 0) return this.strangers.raw(SPAN_ID_BYTES);
    const parent = this.nextParent + stepOf(step);
    this.nextParent = parent + 1;
    return idAt(this.spanIds, parent, SPAN_ID_BYTES);
  }

  private time(isEnd: boolean): Halves {
    const column = isEnd ? 1 : 0;
    const high = this.highs[column].varint();
    const low = this.lows[column].byte() + this.mids[column].byte() * 0x100 + (high % 0x1_0000) * 0x1_0000;
    return this.times.time(this.trace, isEnd, low, Math.floor(high / 0x1_0000));
  }
}

const stepOf = (written: number): number => ((written - 1) >>> 1) ^ -((written - 1) & 1);

/** The n-th id of a column. */
function idAt(column: ByteReader, n: number, length: number): Uint8Array {
  const at = n * length;
  if (n < 0 || at + length > column.bytes.length) throw column.fault(`id ${n} of ${column.bytes.length / length}`);
  return column.bytes.subarray(at, at + length);
}

/** Too few bytes for a call. */
function copy(id: Uint8Array, out: Uint8Array, start: number): number {
  for (let i = 0; i < id.length; i++) out[start + i] = id[i] as number;
  return start + id.length;
}
