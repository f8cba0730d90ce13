import { TracingError } from "../model/errors.ts";
import { uint32At } from "../otlp/wire.ts";
import type { Shard } from "./port.ts";

/**
 * Differs from every other salt that trace ids are hashed with: were sampling's the same, the traces that it keeps
 * would all lie on a few shards.
 */
const SALT = [0x51a3c0de, 0x9d2f6b17, 0xe4887a39, 0x2c61f5d3] as const;

/** The place that {@link mixPlace} worked out last: four words, the highest first. */
const place = new Uint32Array(4);

/** A trace's place among the shards, 0 to 2^128 - 1: the explicit hash key. Every version must answer alike. */
export function placeOf(bytes: Uint8Array, traceIdOffset: number): bigint {
  mixPlace(bytes, traceIdOffset);
  return joinWords(place);
}

/** Two rounds over the four words, each a bijection: equal places mean equal ids, and every bit of the id moves every word. */
function mixPlace(bytes: Uint8Array, at: number): void {
  let a = uint32At(bytes, at) ^ SALT[0];
  let b = uint32At(bytes, at + 4) ^ SALT[1];
  let c = uint32At(bytes, at + 8) ^ SALT[2];
  let d = uint32At(bytes, at + 12) ^ SALT[3];
  for (let round = 0; round < 2; round++) {
    a = mix32((a + d) | 0);
    b = mix32((b + a) | 0);
    c = mix32((c + b) | 0);
    d = mix32((d + c) | 0);
  }
  place[0] = a;
  place[1] = b;
  place[2] = c;
  place[3] = d;
}

function mix32(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

const joinWords = (words: Uint32Array): bigint => words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);

/** Any place at all, each as likely. */
export function randomPlace(random: () => number): bigint {
  return joinWords(Uint32Array.from({ length: 4 }, () => random() * 2 ** 32));
}

/** The open shards by the places they take. */
export interface ShardMap {
  /** In the order of their places. */
  readonly shards: readonly Shard[];
  /** Index into `shards`. */
  shardIndexOf(place: bigint): number;
  /** The same for a trace id where it lies, without a bigint: 90 ns over 64 shards. */
  shardIndexOfTrace(bytes: Uint8Array, traceIdOffset: number): number;
}

/** Throws unavailable when no shard is open. */
export function shardMap(all: readonly Shard[]): ShardMap {
  const shards = all.filter((shard) => shard.isOpen).sort((a, b) => (a.start < b.start ? -1 : 1));
  if (shards.length === 0)
    throw new TracingError("unavailable", "the stream has no open shard", { retryAfterSeconds: 1 });
  const starts = Uint32Array.from(shards.flatMap((shard) => splitWords(shard.start)));
  return {
    shards,
    shardIndexOf: (wanted) => lastStartUpTo(starts, Uint32Array.from(splitWords(wanted))),
    shardIndexOfTrace(bytes, traceIdOffset) {
      mixPlace(bytes, traceIdOffset);
      return lastStartUpTo(starts, place);
    },
  };
}

const splitWords = (wanted: bigint): number[] =>
  [96n, 64n, 32n, 0n].map((shift) => Number((wanted >> shift) & 0xffffffffn));

/** Which of the ascending `starts` (four words each) is the last that is not above `wanted`; the first when none is. */
function lastStartUpTo(starts: Uint32Array, wanted: Uint32Array): number {
  let low = 0;
  let high = starts.length / 4 - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (isUpTo(starts, middle * 4, wanted)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function isUpTo(starts: Uint32Array, at: number, wanted: Uint32Array): boolean {
  for (let i = 0; i < 4; i++) {
    const difference = (starts[at + i] as number) - (wanted[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return true;
}
