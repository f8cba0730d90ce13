import type { Attribute } from "../model/attributes.ts";
import { KINDS, type Span, STATUSES } from "../model/span.ts";
import { tagJson } from "./tags.ts";

const text = (key: string, value: string): string => tagJson({ key, value: { type: "string", value } });

/**
 * A span's tags in the order in which Jaeger writes them: scope, attributes, kind, status, trace state
 * (opentelemetry-collector-contrib, pkg/translator/jaeger/traces_to_jaegerproto.go).
 *
 * @param attributes those of the span that are to be shown
 */
export function spanTags(span: Span, attributes: readonly Attribute[]): string {
  const { scope } = span;
  const tags: string[] = [];
  if (scope.name !== "") tags.push(text("otel.scope.name", scope.name));
  if (scope.version !== "") tags.push(text("otel.scope.version", scope.version));
  for (const attribute of attributes) tags.push(tagJson(attribute));
  const kind = KINDS[span.kind] ?? "";
  if (kind !== "") tags.push(text("span.kind", kind));
  const status = STATUSES[span.statusCode] ?? "unset";
  if (status !== "unset") tags.push(text("otel.status_code", status.toUpperCase()));
  if (status === "error") tags.push(tagJson({ key: "error", value: { type: "bool", value: true } }));
  if (span.statusMessage !== "") tags.push(text("otel.status_description", span.statusMessage));
  if (span.traceState !== "") tags.push(text("w3c.tracestate", span.traceState));
  return `[${tags.join(",")}]`;
}
