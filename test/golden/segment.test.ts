import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { traceId } from "../../lib/model/ids.ts";
import { keyTerm, serviceTerm, tagTerm, traceTerm } from "../../lib/store/segment/term-hash.ts";
import { sentSpans } from "../oracle/sent-spans.ts";
import { contentsOf, type SegmentContents } from "../support/segment-contents.ts";

/** The items of a segment as version 1 wrote them, and the TracesData that they were made of. Never made again: a later version gets files of its own. */
const golden = (name: string): Uint8Array => readFileSync(new URL(`segment-v1/${name}.bin`, import.meta.url));

const SENT = sentSpans(golden("traces"));
const RECEIVED = 1_760_400_005_000_000_000n;

function expectAllOfIt({ head, rows, pages, find }: SegmentContents): void {
  const stored = [...pages.values()].flatMap((page) => sentSpans(page.traces).map((span) => span.identity));
  expect(stored.sort()).toEqual(SENT.map((span) => span.identity).sort());
  expect([...pages.values()].flatMap((page) => [...page.received.values()])).toEqual([RECEIVED]);
  expect(head).toMatchObject({ spans: SENT.length, shardId: "shardId-000000000000", last: "495" });
  const texts = rows.map(
    (row) => `${row.service} ${row.operation} ${row.kind} ${row.status} ${row.start} ${row.duration}`,
  );
  expect(texts.sort()).toEqual(
    SENT.map((span) => {
      const start = span.start === 0n ? RECEIVED : span.start;
      const duration = span.end > start ? span.end - start : 1n;
      return `${span.service} ${span.operation} ${span.kind} ${span.status} ${start} ${duration}`;
    }).sort(),
  );
  for (const span of SENT) {
    expect(find(traceTerm(traceId(span.traceId)))?.pages.length).toBe(1);
    expect(find(serviceTerm(span.service))?.sources.length).toBe(1);
    for (const [key, text] of span.own) {
      expect(find(keyTerm(key))?.rows.count).toBe(SENT.filter(({ own }) => own.some((pair) => pair[0] === key)).length);
      expect(find(tagTerm(key, text))?.rows.count).toBeGreaterThan(0);
    }
  }
}

test("a segment of version 1 stays readable", () => {
  expectAllOfIt(
    contentsOf({
      ...{ id: "", hour: 489_000, isLate: false, head: golden("head"), bundle: undefined },
      ...{ pages: [golden("page-0")], terms: [golden("terms-0")], rows: [golden("rows-0")] },
    }),
  );
});

test("a bundled segment of version 1 stays readable", () => {
  expectAllOfIt(
    contentsOf({
      ...{ id: "", hour: 489_000, isLate: false, head: golden("bundled-head"), bundle: golden("bundle") },
      ...{ pages: [], terms: [], rows: [] },
    }),
  );
});
