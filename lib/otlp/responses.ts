import { Writer } from "./write.ts";

/** How a request was encoded: its answer is encoded alike (OTLP specification, "OTLP/HTTP Response"). */
export type Encoding = "protobuf" | "json";

export interface PartialSuccess {
  /** Spans. */
  readonly rejectedSpans: number;
  /** Why; may also be a warning about spans that were all taken. */
  readonly message: string;
}

/** ExportTraceServiceResponse (opentelemetry/proto/collector/trace/v1/trace_service.proto). */
export function exportResponse(
  encoding: Encoding,
  { rejectedSpans, message }: PartialSuccess,
): Uint8Array<ArrayBuffer> {
  const isWhole = rejectedSpans === 0 && message === "";
  if (encoding === "json")
    return json({
      // Proto3 JSON writes 64-bit integers as strings.
      partialSuccess: isWhole ? {} : { rejectedSpans: String(rejectedSpans), errorMessage: message },
    });
  const writer = new Writer();
  if (!isWhole) {
    const start = writer.begin(1);
    writer.int64(1, BigInt(rejectedSpans));
    writer.text(2, message);
    writer.end(start);
  }
  return writer.finish();
}

/** google.rpc.Status: what every error answers. `code` is google.rpc.Code's. */
export function statusResponse(encoding: Encoding, code: number, message: string): Uint8Array<ArrayBuffer> {
  if (encoding === "json") return json({ code, message });
  const writer = new Writer();
  writer.uint32(1, code);
  writer.text(2, message);
  return writer.finish();
}

const json = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
