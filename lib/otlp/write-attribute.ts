import type { AnyValue, Attribute } from "../model/attributes.ts";
import type { Writer } from "./write.ts";

export function writeAttributes(out: Writer, field: number, attributes: readonly Attribute[]): void {
  for (const attribute of attributes) writeAttribute(out, field, attribute);
}

function writeAttribute(out: Writer, field: number, { key, value }: Attribute): void {
  const start = out.begin(field);
  out.text(1, key);
  const inner = out.begin(2);
  writeValue(out, value);
  out.end(inner);
  out.end(start);
}

/** The fields of an AnyValue. */
function writeValue(out: Writer, value: AnyValue): void {
  switch (value.type) {
    case "string":
      out.text(1, value.value);
      return;
    case "bool":
      out.bool(2, value.value);
      return;
    case "int":
      out.int64(3, value.value);
      return;
    case "double":
      out.double(4, value.value);
      return;
    case "bytes":
      out.bytes(7, value.value);
      return;
    case "array": {
      const list = out.begin(5);
      for (const own of value.values) {
        const start = out.begin(1);
        writeValue(out, own);
        out.end(start);
      }
      out.end(list);
      return;
    }
    case "map": {
      const list = out.begin(6);
      writeAttributes(out, 1, value.entries);
      out.end(list);
      return;
    }
    case "empty":
  }
}
