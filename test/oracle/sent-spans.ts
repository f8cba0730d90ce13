import { opentelemetry } from "../../proto/gen/index.js";

const { TracesData, ResourceSpans, ScopeSpans, Span } = opentelemetry.proto.trace.v1;
type AnyValue = opentelemetry.proto.common.v1.IAnyValue;
type KeyValue = opentelemetry.proto.common.v1.IKeyValue;

/** A span as a sender meant it, worked out from protobufjs' reading alone. */
export interface SentSpan {
  /** All its bytes and those of its source, as text: what makes it the same span. */
  readonly identity: string;
  readonly traceId: string;
  readonly service: string;
  readonly operation: string;
  readonly kind: number;
  readonly status: number;
  readonly isRoot: boolean;
  /** Unix epoch nanoseconds; 0 when the sender states none. */
  readonly start: bigint;
  readonly end: bigint;
  readonly scopeName: string;
  readonly scopeVersion: string;
  /** Every attribute at any level as [key, text], event names under `event`. */
  readonly own: readonly (readonly [string, string])[];
  readonly shared: readonly (readonly [string, string])[];
}

/** The spans of TracesData in the order of its bytes. */
export function sentSpans(traces: Uint8Array): SentSpan[] {
  return (TracesData.decode(traces).resourceSpans ?? []).flatMap((resource) =>
    (resource.scopeSpans ?? []).flatMap((scope) => {
      const source =
        hex(ResourceSpans.encode({ ...resource, scopeSpans: [] }).finish()) +
        hex(ScopeSpans.encode({ ...scope, spans: [] }).finish());
      const shared = [...pairs(resource.resource?.attributes), ...pairs(scope.scope?.attributes)];
      return (scope.spans ?? []).map((span) => ({
        identity: `${source}/${hex(Span.encode(span).finish())}`,
        traceId: hex(span.traceId ?? new Uint8Array()),
        service: serviceOf(resource.resource?.attributes),
        operation: span.name || "empty-span-name",
        kind: span.kind ?? 0,
        status: span.status?.code ?? 0,
        isRoot: !(span.parentSpanId ?? []).some((byte) => byte !== 0),
        start: whole(span.startTimeUnixNano),
        end: whole(span.endTimeUnixNano),
        scopeName: scope.scope?.name ?? "",
        scopeVersion: scope.scope?.version ?? "",
        own: [
          ...pairs(span.attributes),
          ...(span.events ?? []).flatMap((event) => [
            ...(event.name ? [["event", event.name] as const] : []),
            ...pairs(event.attributes),
          ]),
          ...(span.links ?? []).flatMap((link) => pairs(link.attributes)),
        ],
        shared,
      }));
    }),
  );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const whole = (value: unknown): bigint => BigInt(String(value ?? 0));

const pairs = (attributes: readonly KeyValue[] | null | undefined): (readonly [string, string])[] =>
  (attributes ?? []).map(({ key, value }) => [key ?? "", textOf(value)]);

function serviceOf(attributes: readonly KeyValue[] | null | undefined): string {
  const found = (attributes ?? []).find(({ key }) => key === "service.name");
  if (found === undefined) return "missing-service-name";
  if (typeof found.value?.stringValue !== "string") return "service-name-wrong-type";
  return found.value.stringValue || "empty-service-name";
}

/** Doubles only of the kinds that print alike everywhere. */
function textOf(value: AnyValue | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value.stringValue === "string") return value.stringValue;
  if (typeof value.boolValue === "boolean") return value.boolValue ? "true" : "false";
  if (value.intValue !== null && value.intValue !== undefined) return String(value.intValue);
  if (typeof value.doubleValue === "number") return `${value.doubleValue}`;
  if (value.bytesValue) return Buffer.from(value.bytesValue).toString("base64");
  if (value.arrayValue) return `[${(value.arrayValue.values ?? []).map((item) => JSON.stringify(item.stringValue))}]`;
  return "";
}
