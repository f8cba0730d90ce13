import { encodeRecord } from "../../lib/stream/record.ts";
import { opentelemetry } from "../../proto/gen/index.js";
import type { Random } from "../data/random.ts";

const { TracesData } = opentelemetry.proto.trace.v1;

const HOUR_NANOS = 3_600_000_000_000n;

const TENANTS = ["shop", "bank", "shop#1"] as const;
const SERVICES = ["web", "cart", "pay"] as const;
const OPERATIONS = ["GET /", "charge", ""] as const;
/** Client and server sides, and spans of neither. */
const KINDS = [0, 1, 2, 3, 4, 5] as const;

interface MadeSpan {
  readonly service: string;
  readonly span: object;
}

const madeBatch = (tenant: string): { readonly tenant: string; readonly spans: MadeSpan[] } => ({ tenant, spans: [] });

/** Traces of a few spans each, of several tenants and hours; their spans are dealt out to the records at random. */
export function madeRecords(random: Random, records: number, hour: number, receivedMillis: number): Uint8Array[] {
  const dealt = Array.from({ length: records }, () => madeBatch(random.pick(TENANTS)));
  for (const tenant of TENANTS) {
    const own = dealt.filter((record) => record.tenant === tenant);
    if (own.length === 0) continue;
    for (let trace = 0; trace < own.length; trace++)
      for (const span of madeTrace(random, hour)) random.pick(own).spans.push(span);
  }
  return dealt.map(({ tenant, spans }) =>
    encodeRecord({ tenant, receivedNanos: BigInt(receivedMillis) * 1_000_000n, traces: tracesOf(spans) }),
  );
}

function madeTrace(random: Random, hour: number): MadeSpan[] {
  const traceId = random.hex(16);
  const ids: string[] = [];
  return Array.from({ length: 1 + random.below(5) }, () => {
    const spanId = random.hex(8);
    const parent = ids.length > 0 && random.chance(0.8) ? random.pick(ids) : undefined;
    const link = ids.length > 0 && random.chance(0.2) ? random.pick(ids) : undefined;
    ids.push(spanId);
    const start = BigInt(hour) * HOUR_NANOS - BigInt(random.below(4 * 3600)) * 1_000_000_000n;
    // One that names no parent at all may name one that never comes.
    const parentSpanId = parent ?? (random.chance(0.2) ? random.hex(8) : undefined);
    return {
      service: random.pick(SERVICES),
      span: {
        traceId: Buffer.from(traceId, "hex"),
        spanId: Buffer.from(spanId, "hex"),
        ...(parentSpanId === undefined ? {} : { parentSpanId: Buffer.from(parentSpanId, "hex") }),
        name: random.pick(OPERATIONS),
        kind: random.pick(KINDS),
        ...(random.chance(0.1)
          ? {}
          : {
              startTimeUnixNano: fixed64(start),
              endTimeUnixNano: fixed64(start + BigInt(1 + random.below(5_000_000))),
            }),
        attributes: [
          text("request.id", random.hex(8)),
          ...(random.chance(0.2) ? [text("peer.service", random.pick(["db", "web"]))] : []),
        ],
        links: link === undefined ? [] : [{ traceId: Buffer.from(traceId, "hex"), spanId: Buffer.from(link, "hex") }],
        status: { code: random.below(3) },
      },
    };
  });
}

const tracesOf = (spans: readonly MadeSpan[]): Uint8Array =>
  TracesData.encode({
    resourceSpans: [...Map.groupBy(spans, ({ service }) => service)].map(([service, own]) => ({
      resource: { attributes: [text("service.name", service)] },
      scopeSpans: [{ spans: own.map(({ span }) => span) }],
    })),
  } as never).finish();

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

const fixed64 = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned: true,
});
