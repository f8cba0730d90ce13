import type { AnyValue, Attribute } from "../model/attributes.ts";
import type { Resource, Trace } from "../model/span.ts";

/** Old clients sent IPv4 addresses as numbers under these keys. */
const KEYS: ReadonlySet<string> = new Set(["ip", "peer.ipv4"]);

/** Writes such numbers as people read them: 10.0.0.1. */
export function writeIpAddresses(trace: Trace): Trace {
  const resources = new Map<Resource, Resource>();
  const spans = trace.spans.map((span) => {
    const resource = resources.get(span.resource) ?? withAddresses(span.resource);
    resources.set(span.resource, resource);
    const written = withAddresses(span);
    return resource === span.resource ? written : { ...written, resource };
  });
  return { ...trace, spans };
}

function withAddresses<T extends { readonly attributes: readonly Attribute[] }>(from: T): T {
  if (!from.attributes.some(isNumeric)) return from;
  return { ...from, attributes: from.attributes.map((each) => (isNumeric(each) ? dotted(each) : each)) };
}

const isNumeric = ({ key, value }: Attribute): boolean => KEYS.has(key) && numberOf(value) !== undefined;

function dotted({ key, value }: Attribute): Attribute {
  const bits = Number(BigInt.asUintN(32, numberOf(value) ?? 0n));
  return { key, value: { type: "string", value: [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join(".") } };
}

function numberOf(value: AnyValue): bigint | undefined {
  if (value.type === "int") return value.value;
  return value.type === "double" && Number.isFinite(value.value) ? BigInt(Math.trunc(value.value)) : undefined;
}
