/** What Jaeger's JSON must say of a batch, straight from its fields. Shares no code with what it judges. */
interface Tag {
  readonly key: string;
  readonly vType: number;
  readonly vStr?: string;
  readonly vDouble?: number;
  readonly vBool?: boolean;
  readonly vLong?: bigint;
  readonly vBinary?: Uint8Array;
}

interface Reference {
  readonly refType: number;
  readonly traceIdLow: bigint;
  readonly traceIdHigh: bigint;
  readonly spanId: bigint;
}

interface Span {
  readonly traceIdLow: bigint;
  readonly traceIdHigh: bigint;
  readonly spanId: bigint;
  readonly parentSpanId: bigint;
  readonly operationName: string;
  readonly references?: readonly Reference[];
  readonly startTime: bigint;
  readonly duration: bigint;
  readonly tags?: readonly Tag[] | undefined;
  readonly logs?: readonly { readonly timestamp: bigint; readonly fields: readonly Tag[] }[] | undefined;
}

interface Batch {
  readonly process: { readonly serviceName: string; readonly tags?: readonly Tag[] | undefined };
  readonly spans: readonly Span[];
}

const hex = (id: bigint) => id.toString(16).padStart(16, "0");
const traceHex = (high: bigint, low: bigint) => (high === 0n ? hex(low) : hex(high) + hex(low));

function shownTag(tag: Tag) {
  const { key } = tag;
  switch (tag.vType) {
    case 0:
      return { key, type: "string", value: tag.vStr };
    case 1:
      return { key, type: "float64", value: tag.vDouble };
    case 2:
      return { key, type: "bool", value: tag.vBool };
    case 3: {
      const long = tag.vLong ?? 0n;
      const isExact = long <= 9007199254740991n && long >= -9007199254740991n;
      return { key, type: "int64", value: isExact ? Number(long) : long.toString() };
    }
    default:
      return { key, type: "binary", value: Buffer.from(tag.vBinary ?? []).toString("base64") };
  }
}

/** The parent comes first; a reference that says it again only says of what type it is. */
function shownReferences(span: Span) {
  const references = span.references ?? [];
  const shown = (type: number, trace: string, spanId: bigint) => ({
    refType: type === 0 ? "CHILD_OF" : "FOLLOWS_FROM",
    traceID: trace,
    spanID: hex(spanId),
  });
  const own = traceHex(span.traceIdHigh, span.traceIdLow);
  const all = references.map((r) => ({ ...r, trace: traceHex(r.traceIdHigh, r.traceIdLow) }));
  let parent = span.parentSpanId;
  if (parent === 0n) {
    const here = all.filter((r) => r.trace === own);
    parent = (here.find((r) => r.refType === 0) ?? here[0])?.spanId ?? 0n;
  }
  if (parent === 0n) return all.map((r) => shown(r.refType, r.trace, r.spanId));
  const again = all.filter((r) => r.trace === own && r.spanId === parent);
  const others = all.filter((r) => !again.includes(r));
  const type = again.some((r) => r.refType === 1) ? 1 : 0;
  return [shown(type, own, parent), ...others.map((r) => shown(r.refType, r.trace, r.spanId))];
}

/** One element a span, in order; ids of processes are left out, since each trace numbers its own. */
export const shownBatch = (batch: Batch) =>
  batch.spans.map((span) => ({
    traceID: traceHex(span.traceIdHigh, span.traceIdLow),
    spanID: hex(span.spanId),
    operationName: span.operationName,
    references: shownReferences(span),
    startTime: Number(span.startTime),
    duration: Number(span.duration),
    tags: (span.tags ?? []).map(shownTag),
    logs: (span.logs ?? []).map((log) => ({ timestamp: Number(log.timestamp), fields: log.fields.map(shownTag) })),
    process: { serviceName: batch.process.serviceName, tags: (batch.process.tags ?? []).map(shownTag) },
    warnings: null,
  }));
