import type { Batches } from "../../lib/store/batches.ts";
import { buildCounts } from "../../lib/store/counts/build.ts";
import { planServices } from "../../lib/store/counts/plan-services.ts";
import { countsKey, hourTtl } from "../../lib/store/keys.ts";
import { gatherSpans } from "../../lib/store/plan-spans.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import type { PlainSpan } from "../oracle/edges.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

/** A span, as far as counts know it. */
export interface CountedSpan extends PlainSpan {
  readonly name: string;
  readonly startNanos: bigint;
  readonly durationNanos: bigint;
  readonly isError: boolean;
}

const fixed64 = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned: true,
});
const idBytes = (hex: string) => Buffer.from(hex, "hex");
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** TracesData. */
export const encodeCounted = (spans: readonly CountedSpan[]): Uint8Array =>
  TracesData.encode({
    resourceSpans: [...Map.groupBy(spans, (span) => span.service)].map(([service, own]) => ({
      resource: { attributes: [text("service.name", service)] },
      scopeSpans: [
        {
          spans: own.map((span) => ({
            traceId: idBytes(span.trace),
            spanId: idBytes(span.id),
            ...(span.parent === undefined ? {} : { parentSpanId: idBytes(span.parent) }),
            name: span.name,
            kind: span.kind,
            startTimeUnixNano: fixed64(span.startNanos),
            endTimeUnixNano: fixed64(span.startNanos + span.durationNanos),
            attributes: [
              text("other.service", "x"),
              ...(span.peer === undefined ? [] : [text("peer.service", span.peer)]),
            ],
            links: span.links.map((id) => ({ traceId: idBytes(span.trace), spanId: idBytes(id) })),
            status: { code: span.isError ? 2 : 0 },
          })),
        },
      ],
    })),
  } as never).finish();

export interface CountedPlan {
  /** Milliseconds since the epoch; no two plans share one here. */
  readonly at: number;
  readonly spans: readonly CountedSpan[];
}

/** Puts what a plan counts, and nothing else of it. */
export async function putCounts(
  batches: Batches,
  tenant: string,
  { at, spans }: CountedPlan,
  limitBytes?: number,
): Promise<void> {
  const batch = { tenant, receivedNanos: BigInt(at) * 1_000_000n, traces: encodeCounted(spans) };
  for (const plan of gatherSpans([batch]))
    for (const { hour, bodies } of buildCounts(plan, planServices(plan), limitBytes))
      await batches.putAll(
        bodies.map((body, n) => ({
          ...countsKey(tenant, hour, at, at.toString(16).padStart(32, "0"), n),
          body,
          ttl: hourTtl(hour, 168),
        })),
      );
}
