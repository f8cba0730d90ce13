import { MAX_BODY_BYTES } from "../../runtime/limits.ts";
import { ByteReader } from "../segment/byte-reader.ts";
import { ByteWriter } from "../segment/byte-writer.ts";
import { readStream, writeStream } from "../segment/streams.ts";
import type { JoinedEdges, WaitingReference } from "./edge-join.ts";
import { EdgeSums } from "./edge-sums.ts";
import { readEdges, readServices, writeEdges, writeServices } from "./edge-table.ts";
import type { EdgeCounts } from "./types.ts";

const LARGE_HOUR_VERSION = 1;

/** From so many spans on nobody who asks joins an hour whole: it takes seconds, and 40 bytes each. */
export const LARGE_SPANS = 1_000_000;

/** References of a large hour that are kept at most; those beyond wait for the next roll. */
export const MAX_WAITING = 100_000;

/** What an hour's plans made before a mark came to, and what is needed to go on from there. */
export interface LargeHour {
  /** Bodies of waiting references. */
  readonly bodies: number;
  /** Spans that were counted. */
  readonly spans: number;
  /** Plans made from then on are read once more, so that what comes next finds its callers; milliseconds since the epoch. */
  readonly fromAt: number;
  readonly joined: JoinedEdges;
}

/** Within the limit: where there are too many edges for it, the less frequent become one. */
export function writeLargeHour(hour: LargeHour, limitBytes: number): Uint8Array {
  for (let most = hour.joined.edges.length; ; most >>>= 1) {
    const sums = new EdgeSums();
    sums.add(hour.joined);
    const body = headBody({ ...hour, joined: sums.most(most) });
    if (body.length <= limitBytes || most === 0) return body;
  }
}

function headBody({ bodies, spans, fromAt, joined: { edges, unmet } }: LargeHour): Uint8Array {
  const text = new ByteWriter(1024);
  for (const number of [bodies, spans, fromAt, unmet]) text.varint(number);
  writeEdges(text, edges);
  return versioned(text);
}

/** Throws TracingError internal when the bytes are not what writeLargeHour writes. */
export function readLargeHour(body: Uint8Array): LargeHour {
  const text = open(body);
  const [bodies, spans, fromAt, unmet] = [text.varint(), text.varint(), text.varint(), text.varint()];
  const edges = readEdges(text);
  text.close();
  return { bodies, spans, fromAt, joined: { edges, unmet } };
}

/** References that wait for their spans, as many bodies as they need. */
export function writeWaiting(all: readonly WaitingReference[], limitBytes: number): Uint8Array[] {
  if (all.length === 0) return [];
  const body = waitingBody(all);
  if (body.length <= limitBytes || all.length === 1) return [body];
  const middle = all.length >>> 1;
  return [...writeWaiting(all.slice(0, middle), limitBytes), ...writeWaiting(all.slice(middle), limitBytes)];
}

function waitingBody(all: readonly WaitingReference[]): Uint8Array {
  const text = new ByteWriter(all.length * 14);
  const services = writeServices(
    text,
    all.map(({ service }) => service),
  );
  text.varint(all.length);
  for (const { hash, reference, side, service } of all) {
    text.varint((services.get(service) as number) * 4 + side);
    writeHash(text, hash);
    writeHash(text, reference);
  }
  return versioned(text);
}

/** As halves that were counted, with those references alone. Throws TracingError internal when the bytes are not what writeWaiting writes. */
export function readWaiting(body: Uint8Array): EdgeCounts {
  const text = open(body);
  const services = readServices(text);
  const count = text.count(MAX_BODY_BYTES, "waiting references");
  const hash = new Float64Array(count);
  const service = new Uint32Array(count);
  const flags = new Uint8Array(count);
  const references: number[] = [];
  for (let i = 0; i < count; i++) {
    const who = text.varint();
    service[i] = Math.floor(who / 4);
    if (services[service[i] as number] === undefined) throw text.fault(`service ${service[i]} of ${services.length}`);
    if (who % 4 === 3) throw text.fault("side 3");
    flags[i] = who % 4;
    hash[i] = readHash(text);
    references.push(readHash(text));
  }
  text.close();
  const starts = Uint32Array.from({ length: count + 1 }, (_, i) => i);
  return { services, edges: [], halves: { count, hash, service, flags, starts, references, peers: new Map() } };
}

/** 48 bits, lowest byte first. */
function writeHash(text: ByteWriter, hash: number): void {
  text.uint32(hash % 2 ** 32);
  text.byte(Math.floor(hash / 2 ** 32) & 0xff);
  text.byte(Math.floor(hash / 2 ** 40));
}

const readHash = (text: ByteReader): number => text.uint32() + text.byte() * 2 ** 32 + text.byte() * 2 ** 40;

function versioned(text: ByteWriter): Uint8Array {
  const out = new ByteWriter(text.length + 16);
  out.byte(LARGE_HOUR_VERSION);
  writeStream(out, text.view());
  return out.finish();
}

function open(body: Uint8Array): ByteReader {
  const reader = ByteReader.open("large hour", body, LARGE_HOUR_VERSION);
  const text = readStream(reader, MAX_BODY_BYTES);
  reader.close();
  return text;
}
