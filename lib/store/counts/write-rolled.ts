import { boundedName } from "../bounded-name.ts";
import { ByteWriter } from "../segment/byte-writer.ts";
import { writeStream } from "../segment/streams.ts";
import { writeMinutes } from "./build.ts";
import { writeEdges } from "./edge-table.ts";
import type { MinuteRow } from "./minutes.ts";
import type { Edge } from "./types.ts";

export const ROLLED_VERSION = 1;

/** Calls between services, as many bodies as they need; the first tells how many those are. */
export function writeRolledEdges(edges: readonly Edge[], unmet: number, limitBytes: number): Uint8Array[] {
  const parts = within(edges, limitBytes, (part) => edgesBody(part, unmet, 1));
  return parts.map((part, n) => edgesBody(part, n === 0 ? unmet : 0, parts.length));
}

function edgesBody(edges: readonly Edge[], unmet: number, bodies: number): Uint8Array {
  const text = new ByteWriter(1024);
  text.varint(bodies);
  text.varint(unmet);
  writeEdges(text, edges);
  return versioned(text);
}

/** One service's minutes, as many bodies as they need. */
export function writeRolledMinutes(service: string, minutes: readonly MinuteRow[], limitBytes: number): Uint8Array[] {
  const encode = (part: readonly MinuteRow[]): Uint8Array => {
    const text = new ByteWriter(1024);
    text.text(boundedName(service));
    writeMinutes(text, part, new Map(part.map((row) => [row.service, 0])));
    return versioned(text);
  };
  return within(minutes, limitBytes, encode).map(encode);
}

function versioned(text: ByteWriter): Uint8Array {
  const out = new ByteWriter(text.length + 16);
  out.byte(ROLLED_VERSION);
  writeStream(out, text.view());
  return out.finish();
}

/** Cut in the middle until each part's body is within the limit; names are bounded, so one of a kind always fits. */
function within<T>(
  all: readonly T[],
  limitBytes: number,
  encode: (part: readonly T[]) => Uint8Array,
): (readonly T[])[] {
  if (all.length <= 1 || encode(all).length <= limitBytes) return [all];
  const middle = all.length >>> 1;
  return [...within(all.slice(0, middle), limitBytes, encode), ...within(all.slice(middle), limitBytes, encode)];
}
