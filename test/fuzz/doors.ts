import assert from "node:assert/strict";
import { asString } from "../../lib/model/attributes.ts";
import { TracingError } from "../../lib/model/errors.ts";
import { type AttributeVisitor, walkSource, walkSpan } from "../../lib/otlp/attribute-walk.ts";
import { decodeSpans } from "../../lib/otlp/decode.ts";
import { jsonToTraces } from "../../lib/otlp/json.ts";
import { regroup } from "../../lib/otlp/regroup.ts";
import { scanTraces } from "../../lib/otlp/scan.ts";
import { sourceOrdinals } from "../../lib/otlp/sources.ts";
import type { SpanTable } from "../../lib/otlp/span-table.ts";
import { utf8 } from "../../lib/otlp/text.ts";
import { plainStringStart, valueText } from "../../lib/otlp/value.ts";
import { decodeText, readFrames } from "../../lib/rpc/web-frames.ts";
import { traceWriter } from "../../lib/store/write.ts";
import { decodeRecord, encodeRecord } from "../../lib/stream/record.ts";
import { FOREIGN, type ForeignDoor } from "./foreign-doors.ts";
import { isPlain, type PlainDoor, readPlain } from "./plain-doors.ts";

export type Door = "protobuf" | "json" | "gRPC-web" | "gRPC-web-text" | ForeignDoor | PlainDoor;
export type Outcome = "refused" | "empty" | "spans";

/**
 * Sends a body through a door as ingest does, and reads what comes out as the indexer and a query do. A body that is
 * refused is refused as invalid_argument; one that is not can be divided and read. All else throws.
 */
export function sendThrough(door: Door, body: Buffer): Outcome {
  let table: SpanTable;
  try {
    if (isPlain(door)) {
      readPlain(door, body);
      return "empty";
    }
    table = scanTraces(toTraces(door, body)).table;
  } catch (error) {
    if (error instanceof TracingError && error.code === "invalid_argument") return "refused";
    throw error;
  }
  const rows = Array.from({ length: table.count }, (_, row) => row);
  const { ordinal } = sourceOrdinals(table);
  const even = rows.filter((row) => row % 2 === 0);
  const odd = rows.filter((row) => row % 2 === 1);
  const before = rows.map((row) => spanHex(table, row));
  checkPiece(
    regroup(table, even),
    even.map((row) => before[row]),
  );
  checkPiece(
    regroup(table, odd, ordinal),
    odd.map((row) => before[row]),
  );
  return rows.length === 0 ? "empty" : "spans";
}

/** What a decoder of ours wrote is a message, and no more of it than its request allows. */
function toTraces(door: Exclude<Door, PlainDoor>, body: Uint8Array): Uint8Array {
  if (door === "protobuf") return body;
  if (door === "gRPC-web") return messageOf(body);
  if (door === "gRPC-web-text") return messageOf(decodeText(body));
  if (door === "json") return jsonToTraces(body);
  const traces = FOREIGN[door](body);
  assert.ok(traces.length <= MAX_GROWTH * body.length, `${body.length} bytes became ${traces.length}`);
  assert.doesNotThrow(() => scanTraces(traces));
  return traces;
}

/** Bytes that are said to be compressed are not: that is another's to find out. */
const messageOf = (body: Uint8Array): Uint8Array => readFrames(body, 1)[0]?.bytes ?? new Uint8Array(0);

/** The shortest spans of the shortest encoding take a few times their bytes in OTLP. */
const MAX_GROWTH = 16;

const unused = (): never => assert.fail("checking a record does not touch the table");
const writer = traceWriter({
  batches: { putAll: unused, getAll: unused, getNamed: unused, queryAll: unused },
  retentionHours: 168,
});

/** What a record's reader does with its spans: none of it may throw. */
function checkPiece(sent: Uint8Array, expected: readonly (string | undefined)[]): void {
  const batch = decodeRecord(encodeRecord({ tenant: "default", receivedNanos: 1n, traces: sent }));
  writer.check(batch);
  const { traces } = batch;
  const { table, rejected } = scanTraces(traces);
  assert.deepEqual(rejected, [], "a kept span is rejected when it is read again");
  const spans = Array.from({ length: table.count }, (_, row) => spanHex(table, row));
  assert.deepEqual(spans.sort(), [...expected].sort(), "spans changed on the way");
  const texts = visitor(traces);
  for (let row = 0; row < table.count; row++) walkSpan(table, row, texts);
  for (let source = 0; source < table.sources.length; source++) walkSource(table, source, texts);
  const decoded = decodeSpans(traces, () => 1n);
  assert.equal(decoded.length, expected.length);
  for (const span of decoded) for (const { value } of span.attributes) asString(value);
}

const visitor = (bytes: Uint8Array): AttributeVisitor => ({
  attribute(_level, keyStart, keyEnd, valueStart, valueEnd) {
    utf8(bytes, keyStart, keyEnd);
    const text = valueText(bytes, valueStart, valueEnd);
    const plain = plainStringStart(bytes, valueStart, valueEnd);
    if (plain !== -1) assert.equal(Buffer.from(bytes.subarray(plain, valueEnd)).toString(), text);
  },
  eventName: (start, end) => {
    utf8(bytes, start, end);
  },
});

const spanHex = (table: SpanTable, row: number): string =>
  Buffer.from(table.bytes.subarray(table.start[row], table.end[row])).toString("hex");
