import { BYTES, Wire } from "../otlp/wire.ts";

/** The string in a field of a message of which nothing else counts; empty where it is absent. */
export function readText(bytes: Uint8Array, field: number): string {
  const wire = new Wire(bytes);
  let text = "";
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === ((field << 3) | BYTES)) {
      const end = wire.end();
      text = Buffer.from(bytes.subarray(wire.pos, end)).toString("utf8");
      wire.pos = end;
    } else wire.skip(tag);
  }
  return text;
}
