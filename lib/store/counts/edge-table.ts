import { MAX_BODY_BYTES } from "../../runtime/limits.ts";
import { boundedName } from "../bounded-name.ts";
import type { ByteReader } from "../segment/byte-reader.ts";
import type { ByteWriter } from "../segment/byte-writer.ts";
import type { Edge } from "./types.ts";

/** Writes each service once, in the order in which they are named first; returns their places in that list. */
export function writeServices(text: ByteWriter, named: readonly string[]): ReadonlyMap<string, number> {
  const services = new Map([...new Set(named)].map((service, i) => [service, i]));
  text.varint(services.size);
  for (const service of services.keys()) text.text(boundedName(service));
  return services;
}

export const readServices = (text: ByteReader): readonly string[] =>
  Array.from({ length: text.count(MAX_BODY_BYTES, "services") }, () => text.text());

/** Services, then the calls between them as places in that list. */
export function writeEdges(text: ByteWriter, edges: readonly Edge[]): void {
  const services = writeServices(
    text,
    edges.flatMap(({ parent, child }) => [parent, child]),
  );
  text.varint(edges.length);
  for (const { parent, child, calls } of edges) {
    text.varint(services.get(parent) as number);
    text.varint(services.get(child) as number);
    text.varint(calls);
  }
}

/** Throws TracingError internal when the bytes are not what writeEdges writes. */
export function readEdges(text: ByteReader): Edge[] {
  const services = readServices(text);
  return Array.from({ length: text.count(MAX_BODY_BYTES, "edges") }, () => ({
    parent: serviceAt(text, services, text.varint()),
    child: serviceAt(text, services, text.varint()),
    calls: text.varint(),
  }));
}

function serviceAt(text: ByteReader, services: readonly string[], index: number): string {
  const name = services[index];
  if (name === undefined) throw text.fault(`service ${index} of ${services.length}`);
  return name;
}
