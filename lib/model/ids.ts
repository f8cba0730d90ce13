import { invalid } from "./errors.ts";

/** 32 lower-hex characters (128 bits), never all zero. Made only by {@link traceId} and {@link parseTraceId}. */
export type TraceId = string & { readonly TraceId: unique symbol };

/** 16 lower-hex characters (64 bits), never all zero. Made only by {@link spanId}. */
export type SpanId = string & { readonly SpanId: unique symbol };

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

export function traceId(hex: string): TraceId {
  if (!/^(?!0{32})[0-9a-f]{32}$/.test(hex)) throw invalid(`trace id ${hex}: expected 32 hex digits, not all zero`);
  return hex as TraceId;
}

export function spanId(hex: string): SpanId {
  if (!/^(?!0{16})[0-9a-f]{16}$/.test(hex)) throw invalid(`span id ${hex}: expected 16 hex digits, not all zero`);
  return hex as SpanId;
}

/**
 * A trace id as people and clients write it: 1 to 32 hex digits of either case (shorter ones are padded on the left,
 * as Jaeger clients drop leading zeros), or base64 of 8 or 16 bytes in either alphabet (Jaeger since v2.20).
 */
export function parseTraceId(text: string): TraceId {
  const hex = /^[0-9a-fA-F]{1,32}$/.test(text) ? text : hexOfBase64(text);
  if (hex === undefined) {
    if (/^[0-9a-fA-F]{33,}$/.test(text)) throw invalid("TraceID cannot be longer than 32 hex characters");
    throw invalid(`trace id ${JSON.stringify(text)}: expected 1 to 32 hex digits`);
  }
  return traceId(hex.toLowerCase().padStart(32, "0"));
}

function hexOfBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]{10,22}={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.length === SPAN_ID_BYTES || bytes.length === TRACE_ID_BYTES ? bytes.toString("hex") : undefined;
}

/** Jaeger's JSON writes 16 digits when the upper 64 bits are zero, else 32. */
export const shortTraceId = (id: string): string => (id.startsWith("0000000000000000") ? id.slice(16) : id);
