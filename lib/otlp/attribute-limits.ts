import type { Range, SpanTable } from "./span-table.ts";
import { readKeyValue } from "./value.ts";
import { BYTES, field, Wire } from "./wire.ts";

/** What one message may hold; what is more is cut off where spans come in. */
export interface AttributeLimits {
  /** Attributes of a span, and as many of each of its events and links, of its resource and of its scope. */
  readonly maxAttributes: number;
  /** UTF-8 of a text, bytes of a binary value, encoded elements of a list or map. */
  readonly maxValueBytes: number;
}

/** A key is a name. One that no list of names can show is not a key that anybody will search by. */
export const MAX_KEY_BYTES = 4096;

/** A message with attributes: the numbers of its fields. */
export interface Shape {
  readonly attributes: number;
  readonly droppedCount: number;
  /** Whether an attribute of its own names what was cut in it; otherwise one of the message around it does. */
  readonly isMarked: boolean;
  /** The attribute that is never left out: without its service a span can hardly be found. */
  readonly essential?: string;
  /** Tags of messages inside it that have attributes too. */
  readonly children: ReadonlyMap<number, Shape>;
}

const NONE: ReadonlyMap<number, Shape> = new Map();
export const SPAN: Shape = {
  attributes: 9,
  droppedCount: 10,
  isMarked: true,
  children: new Map([
    [field(11, BYTES), { attributes: 3, droppedCount: 4, isMarked: false, children: NONE }],
    [field(13, BYTES), { attributes: 4, droppedCount: 5, isMarked: false, children: NONE }],
  ]),
};
/** What a ResourceSpans and a ScopeSpans hold beside their children; they have no attributes themselves (0 is no field's number). */
const around = (child: Shape): Shape => ({
  attributes: 0,
  droppedCount: 0,
  isMarked: false,
  children: new Map([[field(1, BYTES), child]]),
});
export const RESOURCE_SPANS = around({
  attributes: 1,
  droppedCount: 2,
  isMarked: true,
  essential: "service.name",
  children: NONE,
});
export const SCOPE_SPANS = around({ attributes: 3, droppedCount: 4, isMarked: true, children: NONE });

/** An attribute takes its tag and a length at least. */
const MIN_ATTRIBUTE_BYTES = 2;

/** Rows whose span holds more than it may. Most spans are too small for that, which their length alone tells. */
export function rowsOverLimits(table: SpanTable, limits: AttributeLimits): number[] {
  const harmless = harmlessBytes(limits);
  const { start, end, bytes, count } = table;
  const rows: number[] = [];
  for (let row = 0; row < count; row++) {
    const from = start[row] as number;
    const to = end[row] as number;
    if (to - from > harmless && isOver(new Wire(bytes, from, to), SPAN, limits)) rows.push(row);
  }
  return rows;
}

/** Whether the fields of a message that lie there hold more than they may. */
export const isRangeOver = (bytes: Uint8Array, { start, end }: Range, shape: Shape, limits: AttributeLimits): boolean =>
  end - start > harmlessBytes(limits) && isOver(new Wire(bytes, start, end), shape, limits);

/** A message of so many bytes keeps within the limits, whatever it holds. */
const harmlessBytes = ({ maxAttributes, maxValueBytes }: AttributeLimits): number =>
  Math.min(maxAttributes * MIN_ATTRIBUTE_BYTES, maxValueBytes, MAX_KEY_BYTES);

function isOver(wire: Wire, shape: Shape, limits: AttributeLimits): boolean {
  const attribute = field(shape.attributes, BYTES);
  let count = 0;
  while (wire.more()) {
    const tag = wire.tag();
    const child = shape.children.get(tag);
    if (tag === attribute) {
      if (++count > limits.maxAttributes || isLong(wire, limits.maxValueBytes)) return true;
    } else if (child === undefined) wire.skip(tag);
    else {
      const end = wire.end();
      if (isOver(new Wire(wire.bytes, wire.pos, end), child, limits)) return true;
      wire.pos = end;
    }
  }
  return false;
}

/** Moves over a KeyValue, whose length comes next. */
function isLong(wire: Wire, maxBytes: number): boolean {
  const at = wire.pos;
  const end = wire.end();
  const mayBe = end - wire.pos > Math.min(maxBytes, MAX_KEY_BYTES);
  wire.pos = end;
  if (!mayBe) return false;
  wire.pos = at;
  const { keyStart, keyEnd, valueStart, valueEnd } = readKeyValue(wire);
  const member = memberOf(wire.bytes, valueStart, valueEnd);
  return keyEnd - keyStart > MAX_KEY_BYTES || member.end - member.start > maxBytes;
}

/** The member of an AnyValue that counts: the last. */
interface Member {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** @param start where the AnyValue's body begins; one without a member has the tag 0 and no bytes */
export function memberOf(bytes: Uint8Array, start: number, end: number): Member {
  const wire = new Wire(bytes, start, end);
  let member: Member = { tag: 0, start, end: start };
  while (wire.more()) {
    const tag = wire.tag();
    const at = wire.pos;
    wire.skip(tag);
    if (tag >>> 3 <= LAST_MEMBER)
      member = { tag, start: (tag & 7) === BYTES ? bodyStart(bytes, at) : at, end: wire.pos };
  }
  return member;
}

const LAST_MEMBER = 8;

/** Behind the length that stands at `at`. */
function bodyStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while ((bytes[start] as number) >= 0x80) start++;
  return start + 1;
}
