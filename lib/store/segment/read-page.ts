import { ByteReader } from "./byte-reader.ts";
import { readColumns } from "./read-columns.ts";
import type { Page } from "./types.ts";
import { PAGE_VERSION } from "./write-pages.ts";

/** A plan is 32 MiB; the worst of plans, whose traces share ever so many sources, may become one page with all of them twice. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

/** Items after this one that hold the rest of its page: none but for a page that does not compress. */
export const pageContinues = (item: Uint8Array): number =>
  ByteReader.open("page", item, PAGE_VERSION).count(MAX_PAGE_BYTES, "further items");

/** @param rest the items that {@link pageContinues} speaks of, in their order */
export function readPage(item: Uint8Array, rest: readonly Uint8Array[] = []): Page {
  const chunks = [item, ...rest].map((chunk, n) => {
    const reader = ByteReader.open("page", chunk, PAGE_VERSION);
    const following = reader.varint();
    if (following !== rest.length - n) throw reader.fault(`${following} items follow, expected ${rest.length - n}`);
    return chunk.subarray(reader.pos);
  });
  const reader = new ByteReader("page", chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks));
  const received = readReceived(new ByteReader("page", reader.raw(reader.varint())));
  const traces = readColumns(reader, MAX_PAGE_BYTES);
  reader.close();
  return { traces, received };
}

function readReceived(reader: ByteReader): Map<number, bigint> {
  const received = new Map<number, bigint>();
  let place = -1;
  let nanos = 0n;
  while (reader.more()) {
    place += reader.varint() + 1;
    nanos += reader.zigzag64();
    received.set(place, nanos);
  }
  return received;
}
