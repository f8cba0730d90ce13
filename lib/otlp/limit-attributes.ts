import {
  type AttributeLimits,
  isRangeOver,
  MAX_KEY_BYTES,
  memberOf,
  RESOURCE_SPANS,
  rowsOverLimits,
  SCOPE_SPANS,
  type Shape,
  SPAN,
} from "./attribute-limits.ts";
import { sharedFields } from "./sources.ts";
import type { Range, Source, SpanTable } from "./span-table.ts";
import { utf8 } from "./text.ts";
import { readKeyValue } from "./value.ts";
import { BYTES, field, VARINT, Wire } from "./wire.ts";
import { Writer } from "./write.ts";
import { writeAttributes } from "./write-attribute.ts";

/** The attribute that names what was cut: keys of values that were shortened, and of attributes that were left out. */
export const TRUNCATED_KEY = "skua.truncated_attributes";

/** As many keys as a person reads; the counts are exact. */
const MAX_KEYS_NAMED = 16;
const MAX_NAME_BYTES = 128;

const MAX_UINT32 = 2 ** 32 - 1;

export interface Cuts {
  /** Spans with something cut, in themselves or their events and links. */
  readonly spans: number;
  /** Resources and scopes with something cut. */
  readonly sources: number;
  readonly droppedAttributes: number;
  readonly truncatedValues: number;
}

/** What is being written, and what was cut so far. */
interface Cutting {
  readonly limits: AttributeLimits;
  readonly out: Writer;
  droppedAttributes: number;
  truncatedValues: number;
}

/**
 * Holds every span, resource and scope to the limits: attributes beyond the first so many are left out and counted in
 * dropped_attributes_count, values that are too long are cut, and {@link TRUNCATED_KEY} names both. Those within the
 * limits are not touched; the others are written anew behind the table's bytes, and their rows and sources lead there.
 * Undefined when nothing was cut.
 */
export function limitAttributes(table: SpanTable, limits: AttributeLimits): Cuts | undefined {
  const rows = rowsOverLimits(table, limits);
  const longSources = sourcesOverLimits(table, limits);
  if (rows.length === 0 && longSources.size === 0) return undefined;
  const before = table.bytes;
  const parts: Uint8Array[] = [before];
  let length = before.length;
  let droppedAttributes = 0;
  let truncatedValues = 0;
  const rewritten = (ranges: readonly Range[], shape: Shape): Range => {
    const size = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    const cutting = { limits, out: new Writer(size), droppedAttributes: 0, truncatedValues: 0 };
    for (const { start, end } of ranges) rewrite(new Wire(before, start, end), shape, cutting, []);
    droppedAttributes += cutting.droppedAttributes;
    truncatedValues += cutting.truncatedValues;
    const body = cutting.out.finish();
    parts.push(body);
    length += body.length;
    return { start: length - body.length, end: length };
  };
  for (const row of rows) {
    const place = rewritten([{ start: table.start[row] as number, end: table.end[row] as number }], SPAN);
    table.start[row] = place.start;
    table.end[row] = place.end;
  }
  const places = new Map([...longSources].map(([own, shape]) => [own, rewritten(sharedFields(before, own), shape)]));
  if (places.size > 0)
    table.sources.forEach(({ resource, scope }, i) => {
      table.sources[i] = { resource: places.get(resource) ?? resource, scope: places.get(scope) ?? scope };
    });
  table.bytes = Buffer.concat(parts, length);
  return { spans: rows.length, sources: places.size, droppedAttributes, truncatedValues };
}

/** Each resource or scope that holds more than it may, with its shape. */
function sourcesOverLimits({ sources, bytes }: SpanTable, limits: AttributeLimits): Map<Range, Shape> {
  const over = new Map<Range, Shape>();
  const look = (own: Range, shape: Shape): void => {
    if (sharedFields(bytes, own).some((range) => isRangeOver(bytes, range, shape, limits))) over.set(own, shape);
  };
  let last: Source | undefined;
  for (const source of sources) {
    // The scopes of one resource follow each other.
    if (source.resource !== last?.resource) look(source.resource, RESOURCE_SPANS);
    look(source.scope, SCOPE_SPANS);
    last = source;
  }
  return over;
}

/** @param outerKeys where the keys of a message go that is not marked itself */
function rewrite(wire: Wire, shape: Shape, cutting: Cutting, outerKeys: string[]): void {
  const { out, limits } = cutting;
  const keys = shape.isMarked ? [] : outerKeys;
  const attribute = field(shape.attributes, BYTES);
  let kept = 0;
  let dropped = 0;
  let droppedBefore = 0;
  while (wire.more()) {
    const at = wire.pos;
    const tag = wire.tag();
    const child = shape.children.get(tag);
    if (tag === attribute) {
      const isKept = kept < limits.maxAttributes || keyAt(wire) === shape.essential;
      if (isKept && rewriteAttribute(wire, at, shape.attributes, cutting, keys)) kept++;
      else {
        wire.pos = at;
        wire.tag();
        leaveOut(wire, keys);
        dropped++;
      }
    } else if (tag === field(shape.droppedCount, VARINT)) {
      droppedBefore = wire.varint();
    } else if (child !== undefined) {
      const start = out.begin(tag >>> 3);
      const end = wire.end();
      rewrite(new Wire(wire.bytes, wire.pos, end), child, cutting, keys);
      wire.pos = end;
      out.end(start);
    } else {
      wire.skip(tag);
      out.copy(wire.bytes.subarray(at, wire.pos));
    }
  }
  if (dropped + droppedBefore > 0) out.uint32(shape.droppedCount, Math.min(MAX_UINT32, dropped + droppedBefore));
  cutting.droppedAttributes += dropped;
  if (shape.isMarked && keys.length > 0)
    writeAttributes(out, shape.attributes, [
      { key: TRUNCATED_KEY, value: { type: "array", values: keys.map((value) => ({ type: "string", value })) } },
    ]);
}

/** The key of the attribute at the cursor, which stays. */
function keyAt(wire: Wire): string {
  const at = wire.pos;
  const { keyStart, keyEnd } = readKeyValue(wire);
  wire.pos = at;
  return utf8(wire.bytes, keyStart, keyEnd);
}

function leaveOut(wire: Wire, keys: string[]): void {
  const { keyStart, keyEnd } = readKeyValue(wire);
  name(keys, wire.bytes, keyStart, keyEnd);
}

function name(keys: string[], bytes: Uint8Array, start: number, end: number): void {
  if (keys.length === MAX_KEYS_NAMED) return;
  const key = utf8(bytes, start, textEnd(bytes, start, Math.min(end, start + MAX_NAME_BYTES), end));
  if (!keys.includes(key)) keys.push(key);
}

/** Copies the attribute whose tag stands at `from`, cut if need be. False when its key alone is too long. */
function rewriteAttribute(wire: Wire, from: number, number: number, cutting: Cutting, keys: string[]): boolean {
  const { bytes } = wire;
  const { out, limits } = cutting;
  const { keyStart, keyEnd, valueStart, valueEnd } = readKeyValue(wire);
  if (keyEnd - keyStart > MAX_KEY_BYTES) return false;
  const { tag, start, end } = memberOf(bytes, valueStart, valueEnd);
  if (end - start <= limits.maxValueBytes) {
    out.copy(bytes.subarray(from, wire.pos));
    return true;
  }
  const attribute = out.begin(number);
  out.bytes(1, bytes.subarray(keyStart, keyEnd));
  const value = out.begin(2);
  out.bytes(tag >>> 3, bytes.subarray(start, cutEnd(bytes, tag, start, end, limits.maxValueBytes)));
  out.end(value);
  out.end(attribute);
  cutting.truncatedValues++;
  name(keys, bytes, keyStart, keyEnd);
  return true;
}

const STRING_VALUE = field(1, BYTES);
const BYTES_VALUE = field(7, BYTES);

/** Where a value of at most `maxBytes` ends: a text before a character, a list or map behind an element. */
function cutEnd(bytes: Uint8Array, tag: number, start: number, end: number, maxBytes: number): number {
  const most = start + maxBytes;
  if (tag === STRING_VALUE) return textEnd(bytes, start, most, end);
  if (tag === BYTES_VALUE) return most;
  const wire = new Wire(bytes, start, end);
  let fitting = start;
  while (wire.more()) {
    wire.skip(wire.tag());
    if (wire.pos > most) break;
    fitting = wire.pos;
  }
  return fitting;
}

/** `at`, or up to three bytes before it, where a character begins: what was UTF-8 stays UTF-8. */
function textEnd(bytes: Uint8Array, start: number, at: number, end: number): number {
  let cut = at;
  while (cut < end && cut > start && at - cut < 3 && isContinuation(bytes[cut] as number)) cut--;
  return cut;
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
