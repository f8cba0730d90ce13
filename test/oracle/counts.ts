import { zstdDecompressSync } from "node:zlib";
import { opentelemetry, skua } from "../../proto/gen/index.js";
import { edgesOf, type PlainSpan } from "./edges.ts";

const { TracesData } = opentelemetry.proto.trace.v1;
const { SpanBatch } = skua.v1;
type KeyValue = opentelemetry.proto.common.v1.IKeyValue;
type Link = opentelemetry.proto.trace.v1.Span.ILink;

/** What the records of a stream say, counted in the plainest loop. */
export interface RecordCounts {
  /** "tenant | hour | service | operation | kind | minute" → calls and errors. */
  readonly minutes: ReadonlyMap<string, { readonly calls: number; readonly errors: number }>;
  /** Tenant → "parent > child" → calls. */
  readonly edges: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

interface CountedSpan extends PlainSpan {
  readonly tenant: string;
  readonly operation: string;
  readonly isError: boolean;
  /** Unix epoch nanoseconds. */
  readonly start: bigint;
}

const NANOS_PER_MINUTE = 60_000_000_000n;

export function recordCounts(records: readonly { readonly data: Uint8Array }[]): RecordCounts {
  const spans = records.flatMap(({ data }) => spansOf(data));
  const minutes = new Map<string, { calls: number; errors: number }>();
  for (const { tenant, service, operation, kind, isError, start } of spans) {
    const minute = start / NANOS_PER_MINUTE;
    const key = [tenant, minute / 60n, service, operation, kind, minute % 60n].join(" | ");
    const { calls, errors } = minutes.get(key) ?? { calls: 0, errors: 0 };
    minutes.set(key, { calls: calls + 1, errors: errors + (isError ? 1 : 0) });
  }
  const byTenant = Map.groupBy(spans, (span) => span.tenant);
  return { minutes, edges: new Map([...byTenant].map(([tenant, own]) => [tenant, edgesOf(own)])) };
}

/** A record is a version byte and a zstd frame (docs/format.md). */
function spansOf(data: Uint8Array): CountedSpan[] {
  const batch = SpanBatch.decode(zstdDecompressSync(data.subarray(1)));
  const received = whole(batch.receivedUnixNano);
  return (TracesData.decode(batch.traces ?? new Uint8Array()).resourceSpans ?? []).flatMap((resource) =>
    (resource.scopeSpans ?? [])
      .flatMap((scope) => scope.spans ?? [])
      .map((span): CountedSpan => {
        const trace = hex(span.traceId);
        return {
          tenant: batch.tenant ?? "",
          trace,
          id: hex(span.spanId),
          parent: hex(span.parentSpanId) || undefined,
          links: (span.links ?? []).filter((link: Link) => hex(link.traceId) === trace).map((link) => hex(link.spanId)),
          service: textOf(resource.resource?.attributes, "service.name") ?? "missing-service-name",
          kind: span.kind ?? 0,
          peer: textOf(span.attributes, "peer.service"),
          operation: span.name || "empty-span-name",
          isError: span.status?.code === 2,
          start: whole(span.startTimeUnixNano) || received,
        };
      }),
  );
}

const hex = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString("hex");

const whole = (value: unknown): bigint => BigInt(String(value ?? 0));

const textOf = (attributes: readonly KeyValue[] | null | undefined, key: string): string | undefined =>
  attributes?.find((attribute) => attribute.key === key)?.value?.stringValue ?? undefined;
