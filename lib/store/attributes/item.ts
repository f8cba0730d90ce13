import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { invalid } from "../../model/errors.ts";
import type { SeenKeys } from "./seen.ts";

const VERSION = 1;

/** What a list of suggestions shows of one key. */
const MAX_STORED_VALUES = 50;
/** A service's attributes are one item, written at most hourly: with ids for keys it must not cost more than its spans. */
const MAX_BYTES = 64 * 1024;
/** The item is written some times when a service begins, and then hourly: a tenth less of it is worth twice the time. */
const ZSTD_LEVEL = 6;
/** Of 1,000 keys with all their values, inflated. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

interface StoredService {
  readonly service: string;
  readonly keys: readonly {
    readonly key: string;
    readonly types: readonly string[];
    readonly levels: readonly string[];
    readonly values: readonly (readonly [text: string, count: number])[];
  }[];
}

/** What one service's attributes are stored as (docs/format.md, "Names"); values give way, then keys, where there are too many for an item. */
export function encodeAttributes(service: string, keys: SeenKeys, maxBytes = MAX_BYTES): Uint8Array {
  let values = MAX_STORED_VALUES;
  for (let most = keys.size; ; ) {
    const body = encoded(service, keys, most, values);
    if (body.length <= maxBytes || (most === 0 && values === 0)) return body;
    if (values > 0) values = values >>> 1;
    else most = most >>> 1;
  }
}

function encoded(service: string, keys: SeenKeys, most: number, values: number): Uint8Array {
  const stored: StoredService = {
    service,
    keys: [...keys].slice(0, most).map(([key, seen]) => ({
      key,
      types: [...seen.types].sort(),
      levels: [...seen.levels].sort(),
      values: byCount(seen.values).slice(0, values),
    })),
  };
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL };
  return Buffer.concat([Uint8Array.of(VERSION), zstdCompressSync(JSON.stringify(stored), { params })]);
}

/** Most frequent first; equal ones in order. */
export const byCount = (values: ReadonlyMap<string, number>): [string, number][] =>
  [...values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

export function decodeAttributes(body: Uint8Array): { readonly service: string; readonly keys: SeenKeys } {
  if (body[0] !== VERSION) throw invalid(`attribute names of version ${body[0]}: expected ${VERSION}`);
  const json = zstdDecompressSync(body.subarray(1), { maxOutputLength: MAX_INFLATED_BYTES });
  const stored = JSON.parse(new TextDecoder().decode(json)) as StoredService;
  const keys: SeenKeys = new Map();
  for (const { key, types, levels, values } of stored.keys)
    keys.set(key, { types: new Set(types), levels: new Set(levels), values: new Map(values) });
  return { service: stored.service, keys };
}
