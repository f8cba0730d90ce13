import type { Attribute } from "../model/attributes.ts";
import type { Resource, Scope } from "../model/span.ts";
import type { Range, Source, SpanTable } from "./span-table.ts";
import { decodeAttribute } from "./value.ts";
import { BYTES, VARINT, Wire } from "./wire.ts";

/** What the spans of one ScopeSpans share. */
export interface DecodedSource {
  readonly resource: Resource;
  readonly scope: Scope;
}

/** Decodes each source of a table once, and each resource once for all its scopes. */
export class SourceDecoder {
  private readonly table: SpanTable;
  private readonly sources: DecodedSource[] = [];
  private readonly resources = new Map<Range, Resource>();

  constructor(table: SpanTable) {
    this.table = table;
  }

  /** @param index into `table.sources` */
  source(index: number): DecodedSource {
    const known = this.sources[index];
    if (known !== undefined) return known;
    const { bytes } = this.table;
    const source = this.table.sources[index] as Source;
    let resource = this.resources.get(source.resource);
    if (resource === undefined) {
      resource = decodeResource(new Wire(bytes, source.resource.start, source.resource.end));
      this.resources.set(source.resource, resource);
    }
    const decoded = { resource, scope: decodeScope(new Wire(bytes, source.scope.start, source.scope.end)) };
    this.sources[index] = decoded;
    return decoded;
  }
}

const MESSAGE = (1 << 3) | BYTES;
const SCHEMA_URL = (3 << 3) | BYTES;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The cursor stands in a ResourceSpans message. */
function decodeResource(wire: Wire): Resource {
  const attributes: Attribute[] = [];
  const resource: Writable<Resource> = { attributes, droppedAttributesCount: 0, schemaUrl: "" };
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === MESSAGE) readResource(wire, resource, attributes);
    else if (tag === SCHEMA_URL) resource.schemaUrl = wire.text();
    else wire.skip(tag);
  }
  return resource;
}

function readResource(wire: Wire, resource: Writable<Resource>, attributes: Attribute[]): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === ((1 << 3) | BYTES)) attributes.push(decodeAttribute(wire));
    else if (tag === ((2 << 3) | VARINT)) resource.droppedAttributesCount = wire.varint();
    else wire.skip(tag);
  }
  wire.leave(outer);
}

/** The cursor stands in a ScopeSpans message. */
function decodeScope(wire: Wire): Scope {
  const attributes: Attribute[] = [];
  const scope: Writable<Scope> = { name: "", version: "", attributes, droppedAttributesCount: 0, schemaUrl: "" };
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === MESSAGE) readScope(wire, scope, attributes);
    else if (tag === SCHEMA_URL) scope.schemaUrl = wire.text();
    else wire.skip(tag);
  }
  return scope;
}

function readScope(wire: Wire, scope: Writable<Scope>, attributes: Attribute[]): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === ((1 << 3) | BYTES)) scope.name = wire.text();
    else if (tag === ((2 << 3) | BYTES)) scope.version = wire.text();
    else if (tag === ((3 << 3) | BYTES)) attributes.push(decodeAttribute(wire));
    else if (tag === ((4 << 3) | VARINT)) scope.droppedAttributesCount = wire.varint();
    else wire.skip(tag);
  }
  wire.leave(outer);
}
