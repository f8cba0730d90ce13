import { SPAN_ID_BYTES, TRACE_ID_BYTES } from "../../model/ids.ts";
import { HAS_LINKS, MAY_NAME_PEER, type SpanTable } from "../../otlp/span-table.ts";
import { equalBytes } from "../../otlp/trace-ordinals.ts";
import { BYTES, Wire } from "../../otlp/wire.ts";

const ATTRIBUTES = (9 << 3) | BYTES;
const LINKS = (13 << 3) | BYTES;
const KEY = (1 << 3) | BYTES;
const VALUE = (2 << 3) | BYTES;
const STRING = (1 << 3) | BYTES;
/** OTel's SDKs keep 128 links of a span; more references than that and a parent are not edges. */
const MAX_REFERENCES = 129;
const PEER_SERVICE = Buffer.from("peer.service");

/**
 * Reads what spans say of the spans and services around them. A reference is the parent or a link within the trace, as
 * Jaeger's model has it (jaeger-wire 1.7). One object serves all spans, and holds what the last one said.
 */
export class ReferenceReader {
  /** Where the ids of its parent, and of other spans of its trace that it links to, begin; each id once, its own never. */
  readonly spanIdsAt: number[] = [];
  peerService: string | undefined;
  private readonly table: SpanTable;
  private readonly wire: Wire;

  constructor(table: SpanTable) {
    this.table = table;
    this.wire = new Wire(table.bytes);
  }

  read(row: number): void {
    const { table, wire } = this;
    this.spanIdsAt.length = 0;
    this.peerService = undefined;
    if (table.parentId[row] !== 0) this.add(row, table.parentId[row] as number);
    if (((table.hints[row] as number) & (HAS_LINKS | MAY_NAME_PEER)) === 0) return;
    wire.pos = table.start[row] as number;
    wire.limit = table.end[row] as number;
    while (wire.more()) {
      const tag = wire.tag();
      if (tag === ATTRIBUTES) {
        const end = wire.end();
        this.peerService = readPeer(table.bytes, wire.pos, end) ?? this.peerService;
        wire.pos = end;
      } else if (tag === LINKS) {
        const end = wire.end();
        const at = linkWithin(table, row, wire.pos, end);
        if (at !== 0) this.add(row, at);
        wire.pos = end;
      } else wire.skip(tag);
    }
  }

  private add(row: number, at: number): void {
    const { bytes, spanId } = this.table;
    if (this.spanIdsAt.length === MAX_REFERENCES) return;
    if (equalBytes(bytes, at, spanId[row] as number, SPAN_ID_BYTES)) return;
    for (const other of this.spanIdsAt) if (equalBytes(bytes, at, other, SPAN_ID_BYTES)) return;
    this.spanIdsAt.push(at);
  }
}

/** The value of a `peer.service` attribute; undefined for any other, and for an empty one. */
function readPeer(bytes: Uint8Array, start: number, end: number): string | undefined {
  // Nearly always the key comes first, and its length alone tells that it is another.
  if (bytes[start] === KEY && bytes[start + 1] !== PEER_SERVICE.length) return undefined;
  const wire = new Wire(bytes, start, end);
  let isPeer = false;
  let text: string | undefined;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === KEY) {
      const keyEnd = wire.end();
      isPeer = PEER_SERVICE.equals(bytes.subarray(wire.pos, keyEnd));
      wire.pos = keyEnd;
    } else if (tag === VALUE) {
      const valueEnd = wire.end();
      text = stringValue(bytes, wire.pos, valueEnd);
      wire.pos = valueEnd;
    } else wire.skip(tag);
  }
  return isPeer && text !== "" ? text : undefined;
}

function stringValue(bytes: Uint8Array, start: number, end: number): string | undefined {
  const wire = new Wire(bytes, start, end);
  let text: string | undefined;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === STRING) {
      const textEnd = wire.end();
      text = Buffer.from(bytes.subarray(wire.pos, textEnd)).toString();
      wire.pos = textEnd;
    } else {
      text = undefined; // of a oneof's fields the last one counts
      wire.skip(tag);
    }
  }
  return text;
}

/** Where the span id of a link into the same trace begins; 0 for any other link. */
function linkWithin(table: SpanTable, row: number, start: number, end: number): number {
  const wire = new Wire(table.bytes, start, end);
  let traceAt = 0;
  let spanAt = 0;
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === ((1 << 3) | BYTES)) traceAt = exactly(wire, TRACE_ID_BYTES);
    else if (tag === ((2 << 3) | BYTES)) spanAt = exactly(wire, SPAN_ID_BYTES);
    else wire.skip(tag);
  }
  if (traceAt === 0 || spanAt === 0) return 0;
  return equalBytes(table.bytes, traceAt, table.traceId[row] as number, TRACE_ID_BYTES) ? spanAt : 0;
}

/** Where a field of just that length begins, else 0; moves over it. */
function exactly(wire: Wire, length: number): number {
  const end = wire.end();
  const at = wire.pos;
  wire.pos = end;
  return end - at === length ? at : 0;
}
