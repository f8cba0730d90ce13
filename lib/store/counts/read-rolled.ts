import { MAX_BODY_BYTES } from "../../runtime/limits.ts";
import { ByteReader } from "../segment/byte-reader.ts";
import { readStream } from "../segment/streams.ts";
import { readEdges } from "./edge-table.ts";
import { readMinutes } from "./read.ts";
import type { Edge, MinuteCounts } from "./types.ts";
import { ROLLED_VERSION } from "./write-rolled.ts";

/** One body of a rolled hour's calls between services. */
export interface RolledEdges {
  /** How many bodies the hour has. */
  readonly bodies: number;
  readonly unmet: number;
  readonly edges: readonly Edge[];
}

/** Throws TracingError internal when the bytes are not what writeRolledEdges writes. */
export function readRolledEdges(body: Uint8Array): RolledEdges {
  const text = open(body);
  const bodies = text.varint();
  const unmet = text.varint();
  const edges = readEdges(text);
  text.close();
  return { bodies, unmet, edges };
}

/** Throws TracingError internal when the bytes are not what writeRolledMinutes writes. */
export function readRolledMinutes(body: Uint8Array, take: (minute: MinuteCounts) => void): void {
  const text = open(body);
  const service = text.text();
  readMinutes(text, () => service, take);
  text.close();
}

function open(body: Uint8Array): ByteReader {
  const reader = ByteReader.open("rolled counts", body, ROLLED_VERSION);
  const text = readStream(reader, MAX_BODY_BYTES);
  reader.close();
  return text;
}
