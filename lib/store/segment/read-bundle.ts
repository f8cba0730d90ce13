import { ByteReader } from "./byte-reader.ts";
import type { Bundle } from "./types.ts";
import { BUNDLE_VERSION } from "./write-bundle.ts";

/** A small segment has few parts. */
const MAX_PARTS = 4096;

export function readBundle(bytes: Uint8Array): Bundle {
  const reader = ByteReader.open("bundle", bytes, BUNDLE_VERSION);
  const counts = ["pages", "term parts", "row parts"].map((what) => reader.count(MAX_PARTS, what));
  const lengths = counts.map((count) => Array.from({ length: count }, () => reader.varint()));
  const [pages = [], terms = [], rows = []] = lengths.map((kind) => kind.map((length) => reader.raw(length)));
  reader.close();
  const part = (kind: readonly Uint8Array[], what: string, n: number): Uint8Array => {
    const found = kind[n];
    if (found === undefined) throw reader.fault(`${what} ${n} of ${kind.length}`);
    return found;
  };
  return {
    page: (n) => part(pages, "page", n),
    terms: (n) => part(terms, "term part", n),
    rows: (n) => part(rows, "row part", n),
  };
}
