import type { Range, SpanTable } from "./span-table.ts";
import { BYTES, Wire } from "./wire.ts";

const CHILD = (2 << 3) | BYTES;

/** Finding them walks over every child, so it is done once a message, however often its spans are divided. */
const found = new WeakMap<Range, readonly Range[]>();

/**
 * What spans share without the spans: all other fields of a ResourceSpans or ScopeSpans, unknown ones included.
 *
 * @param message a source's `resource` or `scope`
 */
export function sharedFields(bytes: Uint8Array, message: Range): readonly Range[] {
  let fields = found.get(message);
  if (fields === undefined) {
    fields = allButChildren(bytes, message.start, message.end);
    found.set(message, fields);
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
  const resources = resourceTexts(table.bytes);
  table.sources.forEach((source, i) => {
    const resource = resources(source.resource);
    const scope = joined(table.bytes, sharedFields(table.bytes, source.scope));
    const key = `${resource.number}:${scope.toString("latin1")}`;
    let number = known.get(key);
    if (number === undefined) {
      number = distinct.length;
      known.set(key, number);
      distinct.push({ resource: resource.bytes, scope });
    }
    ordinal[i] = number;
  });
  return { ordinal, distinct };
}

interface DistinctResource {
  readonly number: number;
  readonly bytes: Buffer;
}

/** Numbers resources by their bytes. Each is read once, whatever the number of its scopes, so that time stays linear. */
function resourceTexts(bytes: Uint8Array): (message: Range) => DistinctResource {
  const byRange = new Map<Range, DistinctResource>();
  const byText = new Map<string, DistinctResource>();
  return (message) => {
    let resource = byRange.get(message);
    if (resource === undefined) {
      const own = joined(bytes, sharedFields(bytes, message));
      const text = own.toString("latin1");
      resource = byText.get(text) ?? { number: byText.size, bytes: own };
      byText.set(text, resource);
      byRange.set(message, resource);
    }
    return resource;
  };
}

const joined = (bytes: Uint8Array, ranges: readonly Range[]): Buffer =>
  Buffer.concat(ranges.map((range) => bytes.subarray(range.start, range.end)));
