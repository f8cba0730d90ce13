import { expect, test } from "vitest";
import { traceId } from "../../../../lib/model/ids.ts";
import { findTerm } from "../../../../lib/store/segment/find-term.ts";
import { SEGMENT_LIMITS } from "../../../../lib/store/segment/limits.ts";
import {
  keyTerm,
  operationNameTerm,
  operationTerm,
  serviceTerm,
  tagTerm,
  termPart,
  traceTerm,
} from "../../../../lib/store/segment/term-hash.ts";
import { writeTerms } from "../../../../lib/store/segment/write-terms.ts";

const NOTHING = new Uint32Array(0);
const ROWS = 1000;

/** Each term with the rows it is on. */
function termsOf(rowsByHash: ReadonlyMap<number, readonly number[]>) {
  const lists = [...rowsByHash.values()];
  const starts = Uint32Array.from({ length: lists.length + 1 }, (_, i) =>
    lists.slice(0, i).reduce((sum, list) => sum + list.length, 0),
  );
  const none = { starts: new Uint32Array(lists.length + 1), values: NOTHING };
  return {
    hashes: Uint32Array.from(rowsByHash.keys()),
    rows: { starts, values: Uint32Array.from(lists.flat()) },
    ...{ sources: none, pages: none, rowCount: ROWS, sourceCount: 2, pageCount: 3, cutSpans: 0 },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("a term is found with its rows whether they are one, few, many or all", () => {
  const rowsByHash = new Map([
    [0xffff_ffff, [999]],
    [0, [0, 1, 500]],
    [7, upTo(ROWS).filter((row) => row % 3 === 0)],
    [0x8000_0000, upTo(ROWS)],
    [8, upTo(125)],
    [9, upTo(126)],
  ]);
  for (const isBundled of [true, false]) {
    const parts = writeTerms(termsOf(rowsByHash), { ...SEGMENT_LIMITS, termPartBytes: 60 }, isBundled);
    expect(parts.length > 1).toBe(!isBundled);
    for (const [hash, rows] of rowsByHash) {
      const posting = findTerm(parts[termPart(hash, parts.length)] as Uint8Array, hash);
      expect([...(posting?.rows.rows() ?? [])]).toEqual(rows);
      expect(upTo(ROWS).filter((row) => posting?.rows.has(row))).toEqual(rows);
      expect(posting?.rows.count).toBe(rows.length);
    }
    for (const absent of [1, 6, 10, 0x7fff_ffff, 0xffff_fffe])
      expect(findTerm(parts[termPart(absent, parts.length)] as Uint8Array, absent)).toBeUndefined();
  }
});

test("so many terms in one range of hashes that no part could hold them are answered with every row, source and page", () => {
  const crowded = termsOf(new Map(upTo(900).map((n) => [n * 3, [n, ((n * 7) % 50) + 901]])));
  const parts = writeTerms(crowded, { ...SEGMENT_LIMITS, itemBytes: 1000 }, false);
  for (const part of parts) expect(part.length).toBeLessThanOrEqual(1000);
  const posting = findTerm(parts[termPart(30, parts.length)] as Uint8Array, 30);
  expect(posting?.rows.count).toBe(ROWS);
  expect(posting?.sources).toEqual(Uint32Array.of(0, 1));
  expect(posting?.pages).toEqual(Uint32Array.of(0, 1, 2));
  expect(findTerm(parts[termPart(0x8000_0000, parts.length)] as Uint8Array, 0x8000_0000)).toBeUndefined();
});

test("parts divide the hashes evenly and in order", () => {
  expect([0, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff].map((hash) => termPart(hash, 4))).toEqual(
    [0, 0, 1, 1, 2, 3],
  );
  expect(termPart(0xffff_ffff, 1)).toBe(0);
});

test("terms of different kinds, and texts cut elsewhere, differ", () => {
  const hashes = [
    ...[serviceTerm("cart"), operationNameTerm("cart"), keyTerm("cart"), tagTerm("cart", "")],
    ...[operationTerm("cart", "GET"), operationTerm("car", "tGET"), tagTerm("cart", "GET"), tagTerm("car", "tGET")],
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("hashes never change, since they are stored", () => {
  expect([
    ...[serviceTerm("cart"), operationTerm("cart", "GET /"), operationNameTerm("GET /")],
    ...[keyTerm("http.method"), tagTerm("http.method", "GET"), traceTerm(traceId("0af7651916cd43dd8448eb211c80319c"))],
  ]).toEqual([3941264831, 1447285256, 756165625, 2546950492, 540328066, 71544610]);
});
