import { type SpanId, spanId } from "../model/ids.ts";
import { KINDS, type Span, type Trace } from "../model/span.ts";

const SERVER = KINDS.indexOf("server");
const CLIENT = KINDS.indexOf("client");

/**
 * Zipkin's clients give both ends of a call one span id. The server's end gets an id of its own and becomes the child of
 * the client's; children of the shared id become children of the server's end, where the work was done.
 */
export function splitSharedIds(trace: Trace): Trace {
  const clients = new Set<SpanId>();
  for (const span of trace.spans) if (span.kind === CLIENT) clients.add(span.spanId);
  const isShared = (span: Span) => span.kind === SERVER && clients.has(span.spanId);
  if (!trace.spans.some(isShared)) return trace;

  const freshId = idAllocator(trace.spans);
  /** The first server's end of each shared id. */
  const fresh = new Map<SpanId, SpanId>();
  const servers = new Set<Span>();
  const split = trace.spans.map((span) => {
    if (!isShared(span)) return span;
    const server = { ...span, spanId: freshId(), parentSpanId: span.spanId };
    if (!fresh.has(span.spanId)) fresh.set(span.spanId, server.spanId);
    servers.add(server);
    return server;
  });
  const spans = split.map((span) => {
    const parent = span.parentSpanId === undefined ? undefined : fresh.get(span.parentSpanId);
    return parent === undefined || servers.has(span) ? span : { ...span, parentSpanId: parent };
  });
  return { ...trace, spans };
}

/** Counts up from 1 past the ids that the trace has. */
function idAllocator(spans: readonly Span[]): () => SpanId {
  const used = new Set(spans.map((span) => span.spanId));
  let last = 0;
  return () => {
    for (;;) {
      const id = spanId((++last).toString(16).padStart(16, "0"));
      if (!used.has(id)) return id;
    }
  };
}
