import { MAX_BODY_BYTES } from "../../runtime/limits.ts";
import { ByteReader } from "../segment/byte-reader.ts";
import { readStream } from "../segment/streams.ts";
import { COUNTS_VERSION, HAS_PEER, HAS_REFERENCES, HASH_BYTES, IS_REFERRED, SIDE_CODES } from "./build.ts";
import type { Edge, EdgeCounts, Halves, MinuteCounts, OperationCounts } from "./types.ts";

/** Inflated; a body is one item of at most 400 KB. */
const MAX_STREAM_BYTES = MAX_BODY_BYTES;

/** What buildCounts wrote of operations. Throws TracingError internal when the bytes are not that. */
export function readOperationCounts(body: Uint8Array): OperationCounts {
  const { reader, text, nameOf } = open(body);
  const foldedOperations = text.varint();
  const minutes: MinuteCounts[] = [];
  readMinutes(text, nameOf, (minute) => minutes.push(minute));
  return { minutes, foldedOperations, halves: reader.count(MAX_STREAM_BYTES, "halves") };
}

/** What buildCounts wrote of calls between services. Throws TracingError internal when the bytes are not a whole body. */
export function readEdgeCounts(body: Uint8Array): EdgeCounts {
  const { reader, text, services, nameOf } = open(body);
  text.varint();
  skipMinutes(text);
  const edges: Edge[] = Array.from({ length: text.count(MAX_STREAM_BYTES, "edges") }, () => {
    const edge = text.varint();
    const parent = nameOf(Math.floor(edge / services.length));
    return { parent, child: nameOf(edge % services.length), calls: text.varint() };
  });
  text.close();
  const halves = readHalves(reader, services.length);
  reader.close();
  return { services, edges, halves };
}

function open(body: Uint8Array) {
  const reader = ByteReader.open("counts", body, COUNTS_VERSION);
  const text = readStream(reader, MAX_STREAM_BYTES);
  const services = Array.from({ length: text.count(MAX_STREAM_BYTES, "services") }, () => text.text());
  const nameOf = (index: number): string => {
    const name = services[index];
    if (name === undefined) throw text.fault(`service ${index} of ${services.length}`);
    return name;
  };
  return { reader, text, services, nameOf };
}

/** Minutes of operations as writeMinutes of build.ts has them. @param nameOf a service by its number */
export function readMinutes(
  reader: ByteReader,
  nameOf: (index: number) => string,
  take: (minute: MinuteCounts) => void,
): void {
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
    take({ ...operation, minute: Math.floor(head / 2), calls, errors, durations });
  }
}

function skipMinutes(reader: ByteReader): void {
  for (let left = reader.count(MAX_STREAM_BYTES, "minutes"); left > 0; left--) {
    if (reader.varint() % 2 === 0) {
      reader.skipVarints(1);
      reader.pass(reader.varint());
    }
    reader.skipVarints(1);
    reader.skipVarints(2 * reader.count(MAX_STREAM_BYTES, "buckets"));
  }
}

function readHalves(reader: ByteReader, services: number): Halves {
  const count = reader.count(MAX_STREAM_BYTES, "halves");
  const planes = Array.from({ length: HASH_BYTES }, () => readStream(reader, MAX_STREAM_BYTES));
  const hash = readHashes(planes, count);
  const [flagged, named, referred, called] = [0, 1, 2, 3].map(() => readStream(reader, MAX_STREAM_BYTES)) as [
    ByteReader,
    ByteReader,
    ByteReader,
    ByteReader,
  ];
  const service = new Uint32Array(count);
  const flags = new Uint8Array(count);
  const starts = new Uint32Array(count + 1);
  const references: number[] = [];
  const peers = new Map<number, string>();
  for (let i = 0; i < count; i++) {
    const flag = flagged.byte();
    const own = named.varint();
    if (SIDE_CODES[flag & 3] === undefined) throw flagged.fault(`side ${flag & 3}`);
    if (own >= services) throw named.fault(`service ${own} of ${services}`);
    service[i] = own;
    flags[i] = flag & (3 | IS_REFERRED);
    if (flag & HAS_REFERENCES) readReferences(referred, hash, references);
    if (flag & HAS_PEER) peers.set(i, called.text());
    starts[i + 1] = references.length;
  }
  for (const stream of [...planes, flagged, named, referred, called]) stream.close();
  return { count, hash, service, flags, starts, references, peers };
}

function readHashes(planes: readonly ByteReader[], count: number): Float64Array {
  const runs = planes.map((plane) => plane.raw(count));
  const hash = new Float64Array(count);
  for (const [n, bytes] of runs.entries()) {
    for (let i = 0; i < count; i++) hash[i] = (hash[i] as number) + (bytes[i] as number) * 256 ** n;
  }
  for (let i = 1; i < count; i++) hash[i] = (hash[i] as number) + (hash[i - 1] as number);
  return hash;
}

function readReferences(reader: ByteReader, hashes: Float64Array, into: number[]): void {
  for (let left = reader.count(MAX_STREAM_BYTES, "references"); left > 0; left--) {
    const position = reader.varint();
    const hash =
      position === 0 ? reader.uint32() + reader.byte() * 2 ** 32 + reader.byte() * 2 ** 40 : hashes[position - 1];
    if (hash === undefined) throw reader.fault(`position ${position} of ${hashes.length}`);
    into.push(hash);
  }
}
