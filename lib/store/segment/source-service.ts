import { EMPTY_SERVICE, MISSING_SERVICE, WRONG_TYPE_SERVICE } from "../../model/span.ts";
import { walkSource } from "../../otlp/attribute-walk.ts";
import type { SpanTable } from "../../otlp/span-table.ts";
import { utf8 } from "../../otlp/text.ts";
import { decodeValue } from "../../otlp/value.ts";
import { BYTES, Wire } from "../../otlp/wire.ts";

const SERVICE_NAME = Buffer.from("service.name");

/** The service of a source as the sanitizers name it (jaeger-wire 3.4): its resource's first attribute of that key counts. */
export function sourceService(table: SpanTable, source: number): string {
  const { bytes } = table;
  let service: string | undefined;
  walkSource(table, source, {
    attribute(level, keyStart, keyEnd, valueStart, valueEnd) {
      if (service !== undefined || level !== "resource" || keyEnd - keyStart !== SERVICE_NAME.length) return;
      if (!SERVICE_NAME.equals(bytes.subarray(keyStart, keyEnd))) return;
      const value = decodeValue(bytes, valueStart, valueEnd);
      service = value.type === "string" ? value.value || EMPTY_SERVICE : WRONG_TYPE_SERVICE;
    },
    eventName() {},
  });
  return service ?? MISSING_SERVICE;
}

const SCOPE = (1 << 3) | BYTES;
const NAME = (1 << 3) | BYTES;
const VERSION = (2 << 3) | BYTES;

/** Name and version of a source's scope, each empty when it has none. */
export function sourceScope(table: SpanTable, source: number): { readonly name: string; readonly version: string } {
  const { bytes } = table;
  const place = table.sources[source]?.scope;
  const found = { name: "", version: "" };
  const wire = new Wire(bytes, place?.start, place?.end);
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === SCOPE) readScope(wire, found);
    else wire.skip(tag);
  }
  return found;
}

function readScope(wire: Wire, found: { name: string; version: string }): void {
  const outer = wire.enter();
  while (wire.more()) {
    const tag = wire.tag();
    if (tag !== NAME && tag !== VERSION) {
      wire.skip(tag);
      continue;
    }
    const end = wire.end();
    found[tag === NAME ? "name" : "version"] = utf8(wire.bytes, wire.pos, end);
    wire.pos = end;
  }
  wire.leave(outer);
}
