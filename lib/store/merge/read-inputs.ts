import { NANOS_PER_HOUR } from "../../model/time.ts";
import { ByteReader } from "../segment/byte-reader.ts";
import { mayHoldHash } from "../segment/read-head.ts";
import { readStream } from "../segment/streams.ts";
import { serviceTerm } from "../segment/term-hash.ts";
import type { Head, SegmentId } from "../segment/types.ts";
import { MERGE_LIMITS } from "./limits.ts";
import { BODIES, BODY_MASK, INPUTS_VERSION, IS_LATE } from "./merged-format.ts";
import { eachAscending } from "./terms-columns.ts";
import type { MergedInput } from "./types.ts";

const SEGMENT_BYTES = 16;
const MAX_STREAM_BYTES = 16 * 1024 * 1024;
const MAX_SERVICES = 2 ** 20;
/** Unix epoch milliseconds and hours as far as numbers of the store go. */
const MAX_HOUR = 2 ** 32;

/** The table of inputs. @param parts all of them, in their order */
export const readMergedInputs = (parts: readonly Uint8Array[]): MergedInput[] => parts.flatMap(readPart);

function readPart(part: Uint8Array): MergedInput[] {
  const reader = ByteReader.open("merged inputs", part, INPUTS_VERSION);
  const hour = reader.count(MAX_HOUR, "as hour");
  const count = reader.count(MERGE_LIMITS.inputs, "inputs");
  const ids = Array.from({ length: count }, () => Buffer.from(reader.raw(SEGMENT_BYTES)).toString("hex"));
  const services = readServices(readStream(reader, MAX_STREAM_BYTES));
  const facts = readStream(reader, MAX_STREAM_BYTES);
  let at = 0;
  const inputs = ids.map((segment) => {
    at += facts.varint();
    const flags = facts.byte();
    return { head: readFacts(segment, flags, facts, hour, services), hour, at, isLate: (flags & IS_LATE) !== 0 };
  });
  facts.close();
  reader.close();
  return inputs;
}

function readServices(reader: ByteReader): Uint32Array {
  let hash = 0;
  const services = new Uint32Array(reader.count(MAX_SERVICES, "services")).map(() => {
    hash += reader.varint();
    return hash;
  });
  reader.close();
  return services;
}

function readFacts(segment: SegmentId, flags: number, facts: ByteReader, hour: number, known: Uint32Array): Head {
  const body = BODIES[flags & BODY_MASK];
  if (body === undefined) throw facts.fault(`body ${flags & BODY_MASK} is not known`);
  const [spans = 0, traces = 0, cutSpans = 0, pages = 0, termParts = 0, rowParts = 0] = Array.from({ length: 6 }, () =>
    facts.varint(),
  );
  const minStart = BigInt(hour) * NANOS_PER_HOUR + BigInt(facts.varint());
  const maxStart = minStart + BigInt(facts.varint());
  const minDuration = facts.uint64();
  const maxDuration = facts.uint64();
  const kinds = facts.byte();
  const services = readOwnServices(facts, known);
  const mayHoldService = (service: string): boolean => mayHoldHash(services, serviceTerm(service));
  return {
    ...{ segment, shardId: "", last: "", spans, traces, cutSpans, minStart, maxStart, minDuration, maxDuration, kinds },
    ...{ serviceHashes: services, mayHoldService, mayHoldOperation: mayHoldService },
    ...{ pages, termParts, rowParts, body },
  };
}

function readOwnServices(facts: ByteReader, known: Uint32Array): ReadonlySet<number> | undefined {
  const count = facts.count(known.length + 1, "services") - 1;
  if (count < 0) return undefined;
  const own = new Set<number>();
  eachAscending(facts, count, known.length, (number) => own.add(known[number] as number));
  return own;
}
