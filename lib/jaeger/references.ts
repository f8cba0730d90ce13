import { shortTraceId } from "../model/ids.ts";
import type { Span, SpanLink } from "../model/span.ts";

export type RefType = "CHILD_OF" | "FOLLOWS_FROM";

/** What a link means: OpenTracing's bridges mark those that are parents, all others only follow. */
export function refTypeOf(link: SpanLink): RefType {
  const mark = link.attributes.find((attribute) => attribute.key === "opentracing.ref_type")?.value;
  return mark?.type === "string" && mark.value === "child_of" ? "CHILD_OF" : "FOLLOWS_FROM";
}

/** The parent first, then the links; a link to the parent only says what kind of parent it is. */
export function referencesJson(span: Span): string {
  const { parentSpanId } = span;
  let parentType: RefType = "CHILD_OF";
  const links: string[] = [];
  for (const link of span.links) {
    if (link.spanId === parentSpanId && link.traceId === span.traceId) parentType = refTypeOf(link);
    else links.push(reference(refTypeOf(link), link.traceId, link.spanId));
  }
  if (parentSpanId !== undefined) links.unshift(reference(parentType, span.traceId, parentSpanId));
  return `[${links.join(",")}]`;
}

const reference = (type: RefType, traceId: string, spanId: string): string =>
  `{"refType":"${type}","traceID":"${shortTraceId(traceId)}","spanID":"${spanId}"}`;
