import { type AttributeVisitor, type Level, walkSource, walkSpan } from "../../otlp/attribute-walk.ts";
import { hashBytes } from "../../otlp/hash.ts";
import { isText, utf8 } from "../../otlp/text.ts";
import { radixOrder } from "../radix-order.ts";
import { AttributeCache } from "./attribute-cache.ts";
import { MAX_SOURCE_TERMS, MAX_SPAN_TERMS } from "./limits.ts";
import type { SegmentSpans } from "./segment-spans.ts";
import { sourceScope } from "./source-service.ts";
import {
  CUT_TERM,
  hashText,
  keyTerm,
  kindTerm,
  operationNameTerm,
  operationTerm,
  SEEDS,
  scopeNameTerm,
  scopeVersionTerm,
  serviceTerm,
  statusTerm,
} from "./term-hash.ts";
import { type PostingLists, PostingLog, TermTable } from "./term-table.ts";
import { valueTerm } from "./value-term.ts";

/** All terms of a segment, with where each leads. */
export interface Terms {
  /** Per term. */
  readonly hashes: Uint32Array;
  readonly rows: PostingLists;
  readonly sources: PostingLists;
  readonly pages: PostingLists;
  readonly rowCount: number;
  readonly sourceCount: number;
  readonly pageCount: number;
  /** Spans of which not every attribute is a term. */
  readonly cutSpans: number;
}

/** Room for so many at once: growing later copies all of it. */
const USUAL_SPAN_TERMS = 32;
/** Terms of a span that no span before it had; in a plan of the smallest spans there is no room for so many. */
const USUAL_NEW_TERMS = 1;
const MOST_EXPECTED_TERMS = 2 ** 18;

const ROW_BITS = 32;

const EVENT_KEY = keyTerm("event");
const KINDS = [0, 1, 2, 3, 4, 5].map(kindTerm);
const STATUSES = [0, 1, 2].map(statusTerm);

/**
 * @param page per row: the page it is on
 * @param pageCount pages of the segment
 */
export function collectTerms(spans: SegmentSpans, page: Uint32Array, pageCount: number): Terms {
  const { table } = spans.plan;
  const terms = new TermTable(Math.min(spans.tableRow.length * USUAL_NEW_TERMS, MOST_EXPECTED_TERMS));
  const cache = new AttributeCache(table.bytes);
  const rowLog = new PostingLog(spans.tableRow.length, roomFor(spans.tableRow.length * USUAL_SPAN_TERMS));
  const sourceLog = new PostingLog();
  const pageLog = new PostingLog(page.length, new Uint32Array(page.length));

  const cutSources = spans.tableSource.map((source, own) => {
    const visitor = new TermVisitor(table.bytes, terms, cache, sourceLog, MAX_SOURCE_TERMS);
    visitor.begin(own);
    visitor.term(serviceTerm(spans.services[spans.service[own] as number] as string));
    const scope = sourceScope(table, source);
    if (scope.name !== "") visitor.term(scopeNameTerm(scope.name));
    if (scope.version !== "") visitor.term(scopeVersionTerm(scope.version));
    walkSource(table, source, visitor);
    visitor.finish();
    return visitor.isCut ? 1 : 0;
  });

  const operationTerms = spans.operations.name.map((name, i) => [
    operationNameTerm(name),
    operationTerm(spans.services[spans.operations.service[i] as number] as string, name),
  ]);
  const visitor = new TermVisitor(table.bytes, terms, cache, rowLog, MAX_SPAN_TERMS);
  let cutSpans = 0;
  // In the order of arrival: so lie their bytes, and reading them here and there takes longer.
  const arrival = radixOrder(spans.tableRow, ROW_BITS);
  for (const row of arrival) {
    const tableRow = spans.tableRow[row] as number;
    visitor.begin(row);
    for (const hash of operationTerms[spans.operations.number[row] as number] as number[]) visitor.term(hash);
    visitor.term(KINDS[table.kind[tableRow] as number] as number);
    visitor.term(STATUSES[table.status[tableRow] as number] as number);
    walkSpan(table, tableRow, visitor);
    visitor.finish();
    if (visitor.isCut || cutSources[spans.source[row] as number] === 1) cutSpans++;
  }
  // Pages are filled trace by trace, newest row first: each trace's are met in ascending order.
  const traceTerms = spans.traceHash.map((hash) => terms.number(hash));
  for (let row = 0; row < page.length; row++) {
    pageLog.begin(page[row] as number);
    pageLog.add(traceTerms[spans.trace[row] as number] as number);
  }
  return {
    hashes: terms.hashes.subarray(0, terms.count),
    rows: rowLog.lists(terms.count, inverse(arrival)),
    sources: sourceLog.lists(terms.count),
    pages: pageLog.lists(terms.count),
    rowCount: spans.tableRow.length,
    sourceCount: spans.tableSource.length,
    pageCount,
    cutSpans,
  };
}

/** Where one segment's terms are noted at a time: eight megabytes of a full plan, which need not be zeroed and collected. */
let noteRoom = new Uint32Array(0);
/** A plan of the smallest spans needs ten times as much, and is too rare to be kept ready for. */
const MOST_KEPT_TERMS = 2 ** 21;

function roomFor(terms: number): Uint32Array {
  if (terms > MOST_KEPT_TERMS) return new Uint32Array(terms);
  if (terms > noteRoom.length) noteRoom = new Uint32Array(terms);
  return noteRoom;
}

function inverse(order: Uint32Array): Uint32Array {
  const places = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) places[order[i] as number] = i;
  return places;
}

/** Notes every attribute it is shown, as its key and as its key with its value, for the span or source it was last begun with. */
class TermVisitor implements AttributeVisitor {
  isCut = false;
  private left = 0;
  private readonly bytes: Uint8Array;
  private readonly terms: TermTable;
  private readonly cache: AttributeCache;
  private readonly log: PostingLog;
  private readonly most: number;

  constructor(bytes: Uint8Array, terms: TermTable, cache: AttributeCache, log: PostingLog, most: number) {
    this.bytes = bytes;
    this.terms = terms;
    this.cache = cache;
    this.log = log;
    this.most = most;
  }

  begin(owner: number): void {
    this.log.begin(owner);
    this.left = this.most;
    this.isCut = false;
  }

  /** The term's number, or -1 when there is no room for it. */
  term(hash: number): number {
    if (this.left > 0) return this.note(this.terms.number(hash));
    this.isCut = true;
    return -1;
  }

  /** Beyond the limit stands only that there is more. */
  finish(): void {
    if (this.isCut) this.log.add(this.terms.number(CUT_TERM));
  }

  attribute(_level: Level, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const { cache } = this;
    const isKnown = cache.find(keyStart, keyEnd, valueStart, valueEnd);
    // With room for both, nothing can be cut.
    if (isKnown && this.left > 1) {
      this.note(cache.keyNumber);
      this.note(cache.valueNumber);
      return;
    }
    const key = this.key(keyStart, keyEnd);
    const { keyNumber } = cache;
    const valueNumber = this.term(valueTerm(key, this.bytes, valueStart, valueEnd));
    if (valueNumber >= 0) cache.keep(keyStart, keyEnd, valueStart, valueEnd, keyNumber, valueNumber);
  }

  /** Notes the key's term and returns it; the cache tells its number if there was room for it. */
  private key(start: number, end: number): number {
    const { cache } = this;
    if (this.left > 0 && cache.findKey(start, end)) {
      this.note(cache.keyNumber);
      return cache.keyHash;
    }
    const hash = this.hashed(SEEDS.key, start, end);
    const number = this.term(hash);
    if (number >= 0) cache.keepKey(start, end, hash, number);
    return hash;
  }

  private note(number: number): number {
    if (this.log.add(number)) this.left--;
    return number;
  }

  eventName(start: number, end: number): void {
    this.term(EVENT_KEY);
    this.term(this.hashed(EVENT_KEY, start, end));
  }

  /** Text that is not UTF-8 is known by what readers make of it. */
  private hashed(seed: number, start: number, end: number): number {
    const { bytes } = this;
    return isText(bytes, start, end) ? hashBytes(seed, bytes, start, end) : hashText(seed, utf8(bytes, start, end));
  }
}
