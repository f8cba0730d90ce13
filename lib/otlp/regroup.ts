import { sharedFields } from "./sources.ts";
import type { Range, Source, SpanTable } from "./span-table.ts";
import { BYTES, varintLength, writeVarint } from "./wire.ts";

/** ResourceSpans in TracesData, ScopeSpans in ResourceSpans, Span in ScopeSpans: the children are field 2, the outermost field 1. */
const RESOURCE_SPANS_TAG = (1 << 3) | BYTES;
const CHILD_TAG = (2 << 3) | BYTES;

/** The spans of one ScopeSpans: a list of indexes into `rows`, through {@link Layout.next}. */
interface ScopeGroup {
  readonly shared: readonly Range[];
  first: number;
  last: number;
  /** Bytes of the message's body. */
  length: number;
}

interface ResourceGroup {
  readonly shared: readonly Range[];
  readonly scopes: ScopeGroup[];
  length: number;
}

/** By the message that it is, and, where equal ones are merged, by its text. */
type ResourceGroups = Map<Range | string, ResourceGroup>;

interface Layout {
  readonly resources: readonly ResourceGroup[];
  /** Per entry of `rows`: the next entry of its group; 0 at the end. */
  readonly next: Uint32Array;
  readonly length: number;
}

/**
 * TracesData bytes that hold exactly `rows`, each in a ResourceSpans and ScopeSpans like its own, in the order in which
 * they are first met. All bytes are copied as they stand, unknown fields included.
 *
 * @param sourceOrdinal per source of the table, from `sourceOrdinals`: sources of one number become one group, which is
 *   what an arena of many messages needs; by default each source is a group of its own
 */
export function regroup(table: SpanTable, rows: ArrayLike<number>, sourceOrdinal?: Uint32Array): Uint8Array {
  const regrouped = measured(table, rows, sourceOrdinal);
  const out = Buffer.allocUnsafeSlow(regrouped.length);
  regrouped.copyTo(out, 0);
  return out;
}

/** Bytes that are not copied yet. */
export interface Regrouped {
  readonly length: number;
  /** Writes all of them to `out`, from `at` on. */
  copyTo(out: Buffer, at: number): void;
}

/** What {@link regroup} would return, for those who have room for it: a fresh buffer of this size costs as much as filling it. */
export function measured(table: SpanTable, rows: ArrayLike<number>, sourceOrdinal?: Uint32Array): Regrouped {
  const layout = measure(table, rows, sourceOrdinal);
  return { length: layout.length, copyTo: (out, at) => fill(out, at, table, rows, layout) };
}

function measure(table: SpanTable, rows: ArrayLike<number>, sourceOrdinal: Uint32Array | undefined): Layout {
  const next = new Uint32Array(rows.length);
  const scopes = new Map<number, ScopeGroup>();
  const resources: ResourceGroups = new Map();
  let lastSource = -1;
  let scope: ScopeGroup | undefined;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const source = table.source[row] as number;
    if (scope === undefined || source !== lastSource) {
      const ordinal = sourceOrdinal?.[source] ?? source;
      scope = scopes.get(ordinal);
      if (scope === undefined) {
        scope = scopeGroup(table, source, sourceOrdinal !== undefined, resources);
        scopes.set(ordinal, scope);
      }
      lastSource = source;
    }
    if (scope.last === -1) scope.first = i;
    else next[scope.last] = i;
    scope.last = i;
    scope.length += fieldLength((table.end[row] as number) - (table.start[row] as number));
  }
  const groups = [...new Set(resources.values())];
  let length = 0;
  for (const group of groups) {
    for (const { length: body } of group.scopes) group.length += fieldLength(body);
    length += fieldLength(group.length);
  }
  return { resources: groups, next, length };
}

/** A new group, in its resource's. */
function scopeGroup(table: SpanTable, source: number, mergesEqual: boolean, resources: ResourceGroups): ScopeGroup {
  const from = table.sources[source] as Source;
  const shared = sharedFields(table.bytes, from.scope);
  const scope = { shared, first: 0, last: -1, length: rangesLength(shared) };
  let resource = resources.get(from.resource);
  if (resource === undefined) {
    resource = resourceGroup(table.bytes, from.resource, mergesEqual, resources);
    resources.set(from.resource, resource);
  }
  resource.scopes.push(scope);
  return scope;
}

function resourceGroup(
  bytes: Uint8Array,
  message: Range,
  mergesEqual: boolean,
  resources: ResourceGroups,
): ResourceGroup {
  const shared = sharedFields(bytes, message);
  const group = { shared, scopes: [], length: rangesLength(shared) };
  if (!mergesEqual) return group;
  const text = shared.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)).toString("latin1")).join("");
  const equal = resources.get(text) ?? group;
  resources.set(text, equal);
  return equal;
}

/** A field of one tag byte with a body of that many bytes. */
const fieldLength = (body: number): number => 1 + varintLength(body) + body;

function rangesLength(ranges: readonly Range[]): number {
  let length = 0;
  for (const range of ranges) length += range.end - range.start;
  return length;
}

function fill(out: Buffer, start: number, table: SpanTable, rows: ArrayLike<number>, layout: Layout): void {
  const from = Buffer.from(table.bytes.buffer, table.bytes.byteOffset, table.bytes.length);
  let at = start;
  for (const resource of layout.resources) {
    at = header(out, at, RESOURCE_SPANS_TAG, resource.length);
    at = copyRanges(out, at, from, resource.shared);
    for (const scope of resource.scopes) {
      at = header(out, at, CHILD_TAG, scope.length);
      at = copyRanges(out, at, from, scope.shared);
      at = copySpans(out, at, from, table, rows, layout.next, scope);
    }
  }
}

function header(out: Uint8Array, at: number, tag: number, length: number): number {
  out[at] = tag;
  return writeVarint(out, at + 1, length);
}

function copyRanges(out: Buffer, start: number, from: Buffer, ranges: readonly Range[]): number {
  let at = start;
  for (const range of ranges) at += from.copy(out, at, range.start, range.end);
  return at;
}

/** Spans that follow each other in the input, with headers as we would write them, are copied as one. */
function copySpans(
  out: Buffer,
  start: number,
  from: Buffer,
  table: SpanTable,
  rows: ArrayLike<number>,
  next: Uint32Array,
  scope: ScopeGroup,
): number {
  let at = start;
  let i = scope.first;
  do {
    const row = rows[i] as number;
    const runStart = table.start[row] as number;
    let runEnd = table.end[row] as number;
    at = header(out, at, CHILD_TAG, runEnd - runStart);
    for (i = next[i] as number; i !== 0; i = next[i] as number) {
      const body = table.start[rows[i] as number] as number;
      const end = table.end[rows[i] as number] as number;
      // The shortest possible header: a gap of that size can be nothing but tag and length, in canonical form.
      if (body - runEnd !== 1 + varintLength(end - body)) break;
      runEnd = end;
    }
    at += from.copy(out, at, runStart, runEnd);
  } while (i !== 0);
  return at;
}
