import { BYTES, field, Wire } from "../otlp/wire.ts";

/** The string in a field of a message of which nothing else counts; empty where it is absent. */
export function readText(bytes: Uint8Array, number: number): string {
  const wire = new Wire(bytes);
  let text = "";
  while (wire.more()) {
    const tag = wire.tag();
    if (tag === field(number, BYTES)) text = wire.text();
    else wire.skip(tag);
  }
  return text;
}
