import type { Source, SpanTable } from "./span-table.ts";
import { BYTES, Wire } from "./wire.ts";

/** A byte range that a group's message consists of, its children left out. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What spans share, without the spans: all other fields of their ResourceSpans and ScopeSpans, unknown ones included. */
export interface SharedFields {
  readonly resource: readonly Range[];
  readonly scope: readonly Range[];
}

const CHILD = (2 << 3) | BYTES;

/** Finding them walks over every child, so it is done once a source, however often its spans are divided. */
const found = new WeakMap<Source, SharedFields>();

export function sharedFields(bytes: Uint8Array, source: Source): SharedFields {
  let fields = found.get(source);
  if (fields === undefined) {
    fields = {
      resource: allButChildren(bytes, source.resourceStart, source.resourceEnd),
      scope: allButChildren(bytes, source.scopeStart, source.scopeEnd),
    };
    found.set(source, fields);
  }
  return fields;
}

/** In ResourceSpans and in ScopeSpans alike the children are field 2. */
function allButChildren(bytes: Uint8Array, start: number, end: number): Range[] {
  const wire = new Wire(bytes, start, end);
  const ranges: Range[] = [];
  while (wire.more()) {
    const at = wire.pos;
    const tag = wire.tag();
    wire.skip(tag);
    if (tag !== CHILD) ranges.push({ start: at, end: wire.pos });
  }
  return ranges;
}

/** Sources that are the same to the last byte, under one number, in the order in which they are first met. */
export interface SourceOrdinals {
  /** Per source of the table. */
  readonly ordinal: Uint32Array;
  /** Per number: what it stands for. `resource` and `scope` are message bodies without children, copied. */
  readonly distinct: readonly { readonly resource: Uint8Array; readonly scope: Uint8Array }[];
}

export function sourceOrdinals(table: SpanTable): SourceOrdinals {
  const ordinal = new Uint32Array(table.sources.length);
  const distinct: { resource: Uint8Array; scope: Uint8Array }[] = [];
  const known = new Map<string, number>();
  table.sources.forEach((source, i) => {
    const fields = sharedFields(table.bytes, source);
    const resource = joined(table.bytes, fields.resource);
    const scope = joined(table.bytes, fields.scope);
    const key = `${resource.length}:${resource.toString("latin1")}${scope.toString("latin1")}`;
    let number = known.get(key);
    if (number === undefined) {
      number = distinct.length;
      known.set(key, number);
      distinct.push({ resource, scope });
    }
    ordinal[i] = number;
  });
  return { ordinal, distinct };
}

const joined = (bytes: Uint8Array, ranges: readonly Range[]): Buffer =>
  Buffer.concat(ranges.map((range) => bytes.subarray(range.start, range.end)));
