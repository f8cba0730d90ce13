import { MAX_BODY_BYTES } from "../../runtime/limits.ts";
import { ByteReader } from "../segment/byte-reader.ts";
import { readStream } from "../segment/streams.ts";
import { COUNTS_VERSION, HAS_PEER, HAS_REFERENCES, HASH_BYTES, IS_REFERRED, SIDE_CODES } from "./build.ts";
import type { Counts, Edge, Half, MinuteCounts } from "./types.ts";

/** Inflated; a body is one item of at most 400 KB. */
const MAX_STREAM_BYTES = MAX_BODY_BYTES;

/** What buildCounts wrote. Throws TracingError internal when the bytes are not a whole body. */
export function readCounts(body: Uint8Array): Counts {
  const reader = ByteReader.open("counts", body, COUNTS_VERSION);
  const text = readStream(reader, MAX_STREAM_BYTES);
  const services = Array.from({ length: text.count(MAX_STREAM_BYTES, "services") }, () => text.text());
  const nameOf = (index: number): string => {
    const name = services[index];
    if (name === undefined) throw text.fault(`service ${index} of ${services.length}`);
    return name;
  };
  const foldedOperations = text.varint();
  const minutes = readMinutes(text, nameOf);
  const edges: Edge[] = Array.from({ length: text.count(MAX_STREAM_BYTES, "edges") }, () => {
    const edge = text.varint();
    const parent = nameOf(Math.floor(edge / services.length));
    return { parent, child: nameOf(edge % services.length), calls: text.varint() };
  });
  text.close();
  const halves = readHalves(reader, nameOf);
  reader.close();
  return { minutes, edges, halves, foldedOperations };
}

function readMinutes(reader: ByteReader, nameOf: (index: number) => string): MinuteCounts[] {
  const minutes: MinuteCounts[] = [];
  let operation = { service: "", operation: "", kind: 0 };
  for (let left = reader.count(MAX_STREAM_BYTES, "minutes"); left > 0; left--) {
    const head = reader.varint();
    if (head % 2 === 0) {
      const who = reader.varint();
      operation = { service: nameOf(Math.floor(who / 8)), operation: reader.text(), kind: who % 8 };
    }
    const errors = reader.varint();
    const durations = new Map<number, number>();
    let calls = 0;
    let bucket = 0;
    for (let buckets = reader.varint(); buckets > 0; buckets--) {
      bucket += reader.varint();
      const count = reader.varint();
      durations.set(bucket, count);
      calls += count;
    }
    minutes.push({ ...operation, minute: Math.floor(head / 2), calls, errors, durations });
  }
  return minutes;
}

function readHalves(reader: ByteReader, nameOf: (index: number) => string): Half[] {
  const count = reader.count(MAX_STREAM_BYTES, "halves");
  const streams = Array.from({ length: HASH_BYTES + 4 }, () => readStream(reader, MAX_STREAM_BYTES));
  const planes = streams.slice(0, HASH_BYTES);
  const [flags, service, references, peers] = streams.slice(HASH_BYTES) as [
    ByteReader,
    ByteReader,
    ByteReader,
    ByteReader,
  ];
  const hashes = new Float64Array(count);
  let before = 0;
  for (let i = 0; i < count; i++) {
    before += planes.reduceRight((value, plane) => value * 256 + plane.byte(), 0);
    hashes[i] = before;
  }
  const halves = Array.from(hashes, (hash): Half => {
    const flag = flags.byte();
    const side = SIDE_CODES[flag & 3];
    if (side === undefined) throw flags.fault(`side ${flag & 3}`);
    return {
      hash,
      service: nameOf(service.varint()),
      side,
      references: flag & HAS_REFERENCES ? readReferences(references, hashes) : [],
      peer: flag & HAS_PEER ? peers.text() : undefined,
      isReferred: (flag & IS_REFERRED) !== 0,
    };
  });
  for (const stream of streams) stream.close();
  return halves;
}

function readReferences(reader: ByteReader, hashes: Float64Array): number[] {
  return Array.from({ length: reader.count(MAX_STREAM_BYTES, "references") }, () => {
    const position = reader.varint();
    if (position === 0) return reader.uint32() + reader.byte() * 2 ** 32 + reader.byte() * 2 ** 40;
    const hash = hashes[position - 1];
    if (hash === undefined) throw reader.fault(`position ${position} of ${hashes.length}`);
    return hash;
  });
}
