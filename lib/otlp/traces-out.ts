import type { Attribute } from "../model/attributes.ts";
import { MAX_REQUEST_SPANS, tooManySpans } from "./request-spans.ts";
import { Writer } from "./write.ts";
import { writeAttributes } from "./write-attribute.ts";
import { type IncomingSpan, writeSpan } from "./write-span.ts";

/**
 * TracesData bytes of spans that come one by one: only their bytes are held, grouped by resource and scope. Throws too_large
 * at the first span more than a request may have.
 */
export class TracesOut {
  private readonly resources = new Map<string, ResourceOut>();
  private spans = 0;
  private readonly count = (): void => {
    if (++this.spans > MAX_REQUEST_SPANS) throw tooManySpans();
  };

  /** Where the spans of one resource go, under a name that tells it from the others. */
  resource(key: string): ResourceOut {
    const known = this.resources.get(key);
    if (known !== undefined) return known;
    const made = new ResourceOut(this.count);
    this.resources.set(key, made);
    return made;
  }

  /** What was written; empty when there was no span. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = new Writer(this.bytes() + 64);
    for (const resource of this.resources.values()) resource.writeTo(out);
    return out.finish();
  }

  private bytes(): number {
    let total = 0;
    for (const resource of this.resources.values()) total += resource.bytes;
    return total;
  }
}

class ResourceOut {
  /** May be set after the first span: some formats tell it last. */
  attributes: readonly Attribute[] = [];
  private readonly scopes = new Map<string, Writer>();
  private readonly count: () => void;

  constructor(count: () => void) {
    this.count = count;
  }

  span(span: IncomingSpan, scopeName = "", scopeVersion = ""): void {
    this.count();
    writeSpan(this.scope(scopeName, scopeVersion), 2, span);
  }

  get bytes(): number {
    let total = 0;
    for (const scope of this.scopes.values()) total += scope.finish().length;
    return total;
  }

  writeTo(out: Writer): void {
    if (this.scopes.size === 0) return;
    const start = out.begin(1);
    const resource = out.begin(1);
    writeAttributes(out, 1, this.attributes);
    out.end(resource);
    for (const scope of this.scopes.values()) out.bytes(2, scope.finish());
    out.end(start);
  }

  private scope(name: string, version: string): Writer {
    const key = `${name.length}:${name}${version}`;
    const known = this.scopes.get(key);
    if (known !== undefined) return known;
    const made = new Writer();
    if (name !== "" || version !== "") writeScope(made, name, version);
    this.scopes.set(key, made);
    return made;
  }
}

function writeScope(out: Writer, name: string, version: string): void {
  const start = out.begin(1);
  out.text(1, name);
  if (version !== "") out.text(2, version);
  out.end(start);
}
