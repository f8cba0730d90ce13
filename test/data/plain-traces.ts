/**
 * OTLP messages as plain objects, and two encoders that share nothing with lib/: protobuf with every liberty that the
 * wire format allows (any order of fields, repeated singular fields, unknown fields, long varints), and JSON likewise.
 */
import type { AnyValue, Attribute } from "../../lib/model/attributes.ts";
import type { Random } from "./random.ts";

interface PlainEvent {
  readonly timeNanos: bigint;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
}

interface PlainLink {
  /** Hex. */
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
}

export interface PlainSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly events: readonly PlainEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly PlainLink[];
  readonly droppedLinksCount: number;
  readonly statusCode: number;
  readonly statusMessage: string;
}

export interface PlainScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
  readonly spans: readonly PlainSpan[];
}

export interface PlainResource {
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
  readonly scopes: readonly PlainScope[];
}

/** A field of a message on the wire, tag included. */
type Field = Buffer;

export function toProtobuf(resources: readonly PlainResource[], random: Random): Buffer {
  const wire = new LooseWire(random);
  return wire.message(resources.map((resource) => wire.child(1, resourceSpans(wire, resource))));
}

function resourceSpans(wire: LooseWire, resource: PlainResource): Buffer {
  return wire.message([
    wire.child(
      1,
      wire.message([
        ...resource.attributes.map((own) => wire.child(1, keyValue(wire, own))),
        wire.varint(2, BigInt(resource.droppedAttributesCount)),
      ]),
    ),
    ...resource.scopes.map((scope) => wire.child(2, scopeSpans(wire, scope))),
    wire.text(3, resource.schemaUrl),
  ]);
}

function scopeSpans(wire: LooseWire, scope: PlainScope): Buffer {
  return wire.message([
    wire.child(
      1,
      wire.message([
        wire.text(1, scope.name),
        wire.text(2, scope.version),
        ...scope.attributes.map((own) => wire.child(3, keyValue(wire, own))),
        wire.varint(4, BigInt(scope.droppedAttributesCount)),
      ]),
    ),
    ...scope.spans.map((span) => wire.child(2, spanBody(wire, span))),
    wire.text(3, scope.schemaUrl),
  ]);
}

function spanBody(wire: LooseWire, span: PlainSpan): Buffer {
  return wire.message([
    wire.hex(1, span.traceId),
    wire.hex(2, span.spanId),
    wire.text(3, span.traceState),
    wire.hex(4, span.parentSpanId),
    wire.text(5, span.name),
    wire.varint(6, BigInt(span.kind)),
    wire.fixed64(7, span.startNanos),
    wire.fixed64(8, span.endNanos),
    ...span.attributes.map((own) => wire.child(9, keyValue(wire, own))),
    wire.varint(10, BigInt(span.droppedAttributesCount)),
    ...span.events.map((event) =>
      wire.child(
        11,
        wire.message([
          wire.fixed64(1, event.timeNanos),
          wire.text(2, event.name),
          ...event.attributes.map((own) => wire.child(3, keyValue(wire, own))),
          wire.varint(4, BigInt(event.droppedAttributesCount)),
        ]),
      ),
    ),
    wire.varint(12, BigInt(span.droppedEventsCount)),
    ...span.links.map((link) =>
      wire.child(
        13,
        wire.message([
          wire.hex(1, link.traceId),
          wire.hex(2, link.spanId),
          wire.text(3, link.traceState),
          ...link.attributes.map((own) => wire.child(4, keyValue(wire, own))),
          wire.varint(5, BigInt(link.droppedAttributesCount)),
          wire.fixed32(6, link.flags),
        ]),
      ),
    ),
    wire.varint(14, BigInt(span.droppedLinksCount)),
    // A message field that is sent in parts is merged.
    wire.child(15, wire.message([wire.text(2, span.statusMessage)])),
    wire.child(15, wire.message([wire.varint(3, BigInt(span.statusCode))])),
    wire.fixed32(16, span.flags),
  ]);
}

const keyValue = (wire: LooseWire, own: Attribute): Buffer =>
  wire.message([
    wire.text(1, own.key),
    ...(own.value.type === "empty" && wire.random.chance(0.5) ? [] : [wire.child(2, anyValue(wire, own.value))]),
  ]);

function anyValue(wire: LooseWire, value: AnyValue): Buffer {
  switch (value.type) {
    case "string":
      return wire.oneof(wire.text(1, value.value));
    case "bool":
      return wire.oneof(wire.varint(2, value.value ? 1n : 0n));
    case "int":
      return wire.oneof(wire.varint(3, value.value));
    case "double":
      return wire.oneof(wire.double(4, value.value));
    case "array":
      return wire.oneof(wire.child(5, wire.message(value.values.map((one) => wire.child(1, anyValue(wire, one))))));
    case "map":
      return wire.oneof(wire.child(6, wire.message(value.entries.map((one) => wire.child(1, keyValue(wire, one))))));
    case "bytes":
      return wire.oneof(wire.bytes(7, Buffer.from(value.value)));
    case "empty":
      return wire.message([]);
  }
}

class LooseWire {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Fields of different numbers in any order, with unknown ones between them. */
  message(fields: readonly Field[]): Buffer {
    const byNumber = Map.groupBy(fields, (field) => field[0]);
    const queues = [...byNumber.values()].map((queue) => [...queue]);
    const out: Buffer[] = [];
    while (queues.length > 0) {
      if (this.random.chance(0.04)) out.push(this.unknown());
      const index = this.random.chance(0.8) ? 0 : this.random.below(queues.length);
      const queue = queues[index] ?? [];
      const next = queue.shift();
      if (next !== undefined) out.push(next);
      if (queue.length === 0) queues.splice(index, 1);
    }
    if (this.random.chance(0.04)) out.push(this.unknown());
    return Buffer.concat(out);
  }

  /** A member of a oneof; sometimes another stands before it, which it replaces. */
  oneof(member: Field): Buffer {
    if (!this.random.chance(0.05)) return member;
    const before = this.random.pick([this.plainText(1, "replaced"), this.plainVarint(3, -1n), this.double(4, 1.5)]);
    return Buffer.concat([before, this.random.chance(0.5) ? this.unknown() : Buffer.alloc(0), member]);
  }

  text(number: number, value: string): Field {
    return this.last(this.plainText(number, value), () => this.plainText(number, "replaced"));
  }

  hex(number: number, digits: string): Field {
    return this.last(this.bytes(number, Buffer.from(digits, "hex")), () => this.bytes(number, Buffer.alloc(3)));
  }

  varint(number: number, value: bigint): Field {
    return this.last(this.plainVarint(number, value), () => this.plainVarint(number, 1n));
  }

  child(number: number, body: Buffer): Field {
    return this.bytes(number, body);
  }

  bytes(number: number, body: Buffer): Field {
    return Buffer.concat([varint(BigInt((number << 3) | 2)), this.paddedVarint(BigInt(body.length)), body]);
  }

  fixed32(number: number, value: number): Field {
    const body = Buffer.alloc(4);
    body.writeUInt32LE(value);
    return Buffer.concat([varint(BigInt((number << 3) | 5)), body]);
  }

  fixed64(number: number, value: bigint): Field {
    const body = Buffer.alloc(8);
    body.writeBigUInt64LE(value);
    return Buffer.concat([varint(BigInt((number << 3) | 1)), body]);
  }

  double(number: number, value: number): Field {
    const body = Buffer.alloc(8);
    body.writeDoubleLE(value);
    return Buffer.concat([varint(BigInt((number << 3) | 1)), body]);
  }

  private plainText(number: number, value: string): Field {
    return this.bytes(number, Buffer.from(value));
  }

  private plainVarint(number: number, value: bigint): Field {
    return Buffer.concat([varint(BigInt(number << 3)), this.paddedVarint(BigInt.asUintN(64, value))]);
  }

  /** Of a singular field that is sent twice the last one counts. */
  private last(field: Field, other: () => Field): Field {
    return this.random.chance(0.03) ? Buffer.concat([other(), field]) : field;
  }

  /** A number may take more bytes than it needs, up to ten. */
  private paddedVarint(value: bigint): Buffer {
    const plain = varint(value);
    if (!this.random.chance(0.02)) return plain;
    const length = Math.min(5, plain.length + 1 + this.random.below(3));
    if (length <= plain.length) return plain;
    const padded = Buffer.alloc(length, 0x80);
    plain.copy(padded);
    padded[plain.length - 1] = (plain[plain.length - 1] ?? 0) | 0x80;
    padded[length - 1] = 0;
    return padded;
  }

  private unknown(depth = 0): Field {
    const number = BigInt(this.random.pick([17, 100, 1000, 2 ** 20, 2 ** 28 + 5, 2 ** 29 - 1]));
    const body = Buffer.from(this.random.hex(this.random.below(20)), "hex");
    switch (this.random.below(depth < 3 ? 5 : 4)) {
      case 0:
        return Buffer.concat([varint(number << 3n), varint(BigInt.asUintN(64, -BigInt(this.random.uint32())))]);
      case 1:
        return Buffer.concat([varint((number << 3n) | 1n), Buffer.from(this.random.hex(8), "hex")]);
      case 2:
        return Buffer.concat([varint((number << 3n) | 5n), Buffer.from(this.random.hex(4), "hex")]);
      case 3:
        return Buffer.concat([varint((number << 3n) | 2n), varint(BigInt(body.length)), body]);
      default:
        return Buffer.concat([varint((number << 3n) | 3n), this.unknown(depth + 1), varint((number << 3n) | 4n)]);
    }
  }
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** An OTLP/JSON body: names in either style, 64-bit integers as strings or numbers, hex of either case, strange fields. */
export function toJson(resources: readonly PlainResource[], random: Random): string {
  return new LooseJson(random).object({
    resourceSpans: resources.map((resource) => ({
      resource: {
        attributes: resource.attributes.map(jsonAttribute),
        droppedAttributesCount: resource.droppedAttributesCount,
      },
      scopeSpans: resource.scopes.map((scope) => ({
        scope: {
          name: scope.name,
          version: scope.version,
          attributes: scope.attributes.map(jsonAttribute),
          droppedAttributesCount: scope.droppedAttributesCount,
        },
        spans: scope.spans.map(jsonSpan),
        schemaUrl: scope.schemaUrl,
      })),
      schemaUrl: resource.schemaUrl,
    })),
  });
}

const jsonSpan = (span: PlainSpan) => ({
  traceId: new Hex(span.traceId),
  spanId: new Hex(span.spanId),
  parentSpanId: new Hex(span.parentSpanId),
  traceState: span.traceState,
  flags: span.flags,
  name: span.name,
  kind: span.kind,
  startTimeUnixNano: span.startNanos,
  endTimeUnixNano: span.endNanos,
  attributes: span.attributes.map(jsonAttribute),
  droppedAttributesCount: span.droppedAttributesCount,
  events: span.events.map((event) => ({
    timeUnixNano: event.timeNanos,
    name: event.name,
    attributes: event.attributes.map(jsonAttribute),
    droppedAttributesCount: event.droppedAttributesCount,
  })),
  droppedEventsCount: span.droppedEventsCount,
  links: span.links.map((link) => ({
    traceId: new Hex(link.traceId),
    spanId: new Hex(link.spanId),
    traceState: link.traceState,
    attributes: link.attributes.map(jsonAttribute),
    droppedAttributesCount: link.droppedAttributesCount,
    flags: link.flags,
  })),
  droppedLinksCount: span.droppedLinksCount,
  status: { code: span.statusCode, message: span.statusMessage },
});

const jsonAttribute = (own: Attribute): object => ({ key: own.key, value: jsonValue(own.value) });

function jsonValue(value: AnyValue): object {
  switch (value.type) {
    case "string":
      return { stringValue: value.value };
    case "bool":
      return { boolValue: value.value };
    case "int":
      return { intValue: value.value };
    case "double":
      return { doubleValue: value.value };
    case "array":
      return { arrayValue: { values: value.values.map(jsonValue) } };
    case "map":
      return { kvlistValue: { values: value.entries.map(jsonAttribute) } };
    case "bytes":
      return { bytesValue: Buffer.from(value.value).toString("base64") };
    case "empty":
      return {};
  }
}

class Hex {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

class LooseJson {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  object(value: object): string {
    const fields = Object.entries(value).map(([name, own]) => `${JSON.stringify(this.name(name))}:${this.text(own)}`);
    if (this.random.chance(0.05)) fields.push('"invented":{"deep":[1,null,{"x":"y"}]}');
    if (this.random.chance(0.05)) fields.unshift('"traceState2":null');
    return `{${fields.join(",")}}`;
  }

  private text(value: unknown): string {
    if (value instanceof Hex)
      return JSON.stringify(this.random.chance(0.3) ? value.digits.toUpperCase() : value.digits);
    if (typeof value === "bigint") return this.random.chance(0.5) ? `"${value}"` : String(value);
    if (typeof value === "number") return this.number(value);
    if (Array.isArray(value)) return `[${value.map((one) => this.text(one)).join(this.random.pick([",", " ,\n"]))}]`;
    if (typeof value === "object" && value !== null) return this.object(value);
    return JSON.stringify(value);
  }

  private number(value: number): string {
    if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
    return `"${value}"`;
  }

  private name(name: string): string {
    return this.random.chance(0.1) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
  }
}
