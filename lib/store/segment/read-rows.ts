import { NANOS_PER_HOUR } from "../../model/time.ts";
import { joinHalves } from "../../otlp/wire.ts";
import { ByteReader } from "./byte-reader.ts";
import { BLOCK_ROWS, PART_ROWS } from "./limits.ts";
import { type RowNames, readNames } from "./row-names.ts";
import { readStream } from "./streams.ts";
import type { RowBlock, RowColumns, RowsPart } from "./types.ts";
import { ROWS_VERSION } from "./write-rows.ts";

const MAX_NAMES_BYTES = 512 * 1024;
/** Hours fit into 32 bits, and an hour into 42. */
const MAX_HOUR = 2 ** 32;

/** Ranges at once, columns when a block's are first asked for. The part that holds a row is `rowPart(row)`. */
export function readRows(part: Uint8Array): RowsPart {
  const reader = ByteReader.open("rows", part, ROWS_VERSION);
  const firstRow = reader.varint();
  const count = reader.count(PART_ROWS, "rows");
  const hourStart = BigInt(reader.count(MAX_HOUR, "hours")) * NANOS_PER_HOUR;
  const ranges = Array.from({ length: Math.ceil(count / BLOCK_ROWS) }, () => ({
    minStart: hourStart + BigInt(reader.varint()),
    maxStart: hourStart + BigInt(reader.varint()),
    minDuration: reader.uint64(),
    maxDuration: reader.uint64(),
  }));
  const names = readNames(readStream(reader, MAX_NAMES_BYTES));
  let all: RowColumns | undefined;
  const blocks = ranges.map((range, n): RowBlock => {
    const from = n * BLOCK_ROWS;
    const to = Math.min(from + BLOCK_ROWS, count);
    let own: RowColumns | undefined;
    return {
      ...range,
      firstRow: firstRow + from,
      count: to - from,
      columns() {
        all ??= readColumns(new ByteReader("rows", part.subarray(reader.pos)), count, names, ranges[0]?.maxStart ?? 0n);
        own ??= slice(all, from, to);
        return own;
      },
    };
  });
  return { blocks, operations: names.operations };
}

function slice(all: RowColumns, from: number, to: number): RowColumns {
  return {
    source: all.source.subarray(from, to),
    trace: all.trace.subarray(from, to),
    page: all.page.subarray(from, to),
    operation: all.operation.subarray(from, to),
    kind: all.kind.subarray(from, to),
    startNanos: all.startNanos.subarray(from, to),
    durationNanos: all.durationNanos.subarray(from, to),
    status: all.status.subarray(from, to),
    isRoot: all.isRoot.subarray(from, to),
  };
}

/** The streams in the order in which they are written; see `writeRows`. */
function readColumns(reader: ByteReader, count: number, names: RowNames, newest: bigint): RowColumns {
  const varints = count * 8;
  const stream = (bytes: number): ByteReader => readStream(reader, bytes);
  const { trace, page } = readTraces(count, stream(varints), stream(count * 4), stream(varints));
  const shapes = readShapes(count, stream(varints), stream(varints), names);
  const source = readSources(count, stream(varints), stream(varints), shapes.operation, names);
  const startNanos = readStarts(count, newest, stream(count), stream(count), stream(varints));
  const durationNanos = readDurations(count, stream(count), stream(count), stream(varints));
  reader.close();
  return { source, trace, page, ...shapes, startNanos, durationNanos };
}

function readTraces(
  count: number,
  codes: ByteReader,
  hashes: ByteReader,
  pages: ByteReader,
): Pick<RowColumns, "trace" | "page"> {
  const trace = new Uint32Array(count);
  const page = new Uint32Array(count);
  const firstRow = new Uint32Array(count);
  let met = 0;
  let lastPage = 0;
  for (let row = 0; row < count; row++) {
    const back = codes.varint();
    if (back > met) throw codes.fault(`trace ${back} back of ${met}`);
    if (back === 0) {
      firstRow[met++] = row;
      trace[row] = hashes.uint32();
      lastPage += pages.zigzag();
      if (lastPage < 0) throw pages.fault(`page ${lastPage}`);
      page[row] = lastPage;
    } else {
      const first = firstRow[met - back] as number;
      trace[row] = trace[first] as number;
      page[row] = page[first] as number;
    }
  }
  return { trace, page };
}

function readShapes(
  count: number,
  codes: ByteReader,
  table: ByteReader,
  names: RowNames,
): Pick<RowColumns, "operation" | "kind" | "status" | "isRoot"> {
  const shapes: { readonly operation: number; readonly flags: number }[] = [];
  while (table.more()) {
    const operation = table.varint();
    if (operation >= names.operations.length) throw table.fault(`operation ${operation} of ${names.operations.length}`);
    shapes.push({ operation, flags: table.byte() });
  }
  const operation = new Uint32Array(count);
  const kind = new Uint8Array(count);
  const status = new Uint8Array(count);
  const isRoot = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const code = codes.varint();
    const shape = shapes[code];
    if (shape === undefined) throw codes.fault(`shape ${code} of ${shapes.length}`);
    operation[row] = shape.operation;
    kind[row] = shape.flags & 7;
    status[row] = (shape.flags >>> 3) & 3;
    isRoot[row] = shape.flags >>> 5;
  }
  return { operation, kind, status, isRoot };
}

function readSources(
  count: number,
  codes: ByteReader,
  fresh: ByteReader,
  operation: Uint32Array,
  names: RowNames,
): Uint32Array {
  const source = new Uint32Array(count);
  const known = Array.from(names.operations, (): number[] => []);
  for (let row = 0; row < count; row++) {
    const own = known[names.service[operation[row] as number] as number] as number[];
    const code = codes.varint();
    if (code > own.length) throw codes.fault(`source ${code} of ${own.length}`);
    if (code === 0) own.push(fresh.varint());
    source[row] = own[code === 0 ? own.length - 1 : code - 1] as number;
  }
  return source;
}

function readStarts(
  count: number,
  newest: bigint,
  lows: ByteReader,
  mids: ByteReader,
  highs: ByteReader,
): BigUint64Array {
  const starts = new BigUint64Array(count);
  let start = newest;
  for (let row = 0; row < count; row++) {
    start -= BigInt(lows.byte() + mids.byte() * 0x100 + highs.varint() * 0x1_0000);
    starts[row] = start;
  }
  return starts;
}

function readDurations(count: number, lows: ByteReader, mids: ByteReader, highs: ByteReader): BigUint64Array {
  const durations = new BigUint64Array(count);
  for (let row = 0; row < count; row++) {
    const low = lows.byte() + mids.byte() * 0x100;
    const high = highs.varint();
    durations[row] = joinHalves(low + (high % 0x1_0000) * 0x1_0000, Math.floor(high / 0x1_0000));
  }
  return durations;
}
