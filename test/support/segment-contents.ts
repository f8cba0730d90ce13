import type { BuiltSegment } from "../../lib/store/segment/build-segments.ts";
import { findTerm } from "../../lib/store/segment/find-term.ts";
import { readBundle } from "../../lib/store/segment/read-bundle.ts";
import { readHead } from "../../lib/store/segment/read-head.ts";
import { pageContinues, readPage } from "../../lib/store/segment/read-page.ts";
import { readRows } from "../../lib/store/segment/read-rows.ts";
import { termPart } from "../../lib/store/segment/term-hash.ts";
import type { Bundle, Head, Page, Posting, RowsPart } from "../../lib/store/segment/types.ts";

/** A segment read back part by part, wherever its parts lie. */
export interface SegmentContents {
  readonly head: Head;
  /** By the item with which they begin. */
  readonly pages: ReadonlyMap<number, Page>;
  readonly rows: readonly StoredRow[];
  find(hash: number): Posting | undefined;
}

export interface StoredRow {
  readonly row: number;
  readonly source: number;
  readonly trace: number;
  readonly page: number;
  readonly service: string;
  readonly operation: string;
  readonly isCut: boolean;
  readonly kind: number;
  readonly status: number;
  readonly isRoot: boolean;
  readonly start: bigint;
  readonly duration: bigint;
}

export function contentsOf(built: BuiltSegment): SegmentContents {
  const head = readHead(built.head);
  const bundle = bundleOf(built, head);
  const pages = new Map<number, Page>();
  for (let n = 0; n < head.pages; ) {
    const following = pageContinues(bundle.page(n));
    const rest = Array.from({ length: following }, (_, i) => bundle.page(n + 1 + i));
    pages.set(n, readPage(bundle.page(n), rest));
    n += 1 + following;
  }
  const parts = Array.from({ length: head.rowParts }, (_, n) => readRows(bundle.rows(n)));
  return {
    head,
    pages,
    rows: parts.flatMap(rowsOf),
    find: (hash) => findTerm(bundle.terms(termPart(hash, head.termParts)), hash),
  };
}

function bundleOf(built: BuiltSegment, head: Head): Bundle {
  if (typeof head.body === "object") return head.body;
  if (head.body === "bundled" && built.bundle !== undefined) return readBundle(built.bundle);
  return {
    page: (n) => built.pages[n] as Uint8Array,
    terms: (n) => built.terms[n] as Uint8Array,
    rows: (n) => built.rows[n] as Uint8Array,
  };
}

function rowsOf(part: RowsPart): StoredRow[] {
  return part.blocks.flatMap((block) => {
    const columns = block.columns();
    return Array.from({ length: block.count }, (_, i) => ({
      row: block.firstRow + i,
      source: columns.source[i] as number,
      trace: columns.trace[i] as number,
      page: columns.page[i] as number,
      ...(part.operations[columns.operation[i] as number] as RowsPart["operations"][number]),
      kind: columns.kind[i] as number,
      status: columns.status[i] as number,
      isRoot: columns.isRoot[i] === 1,
      start: columns.startNanos[i] as bigint,
      duration: columns.durationNanos[i] as bigint,
    }));
  });
}
