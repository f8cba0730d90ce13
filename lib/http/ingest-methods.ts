import { jaegerPostSpansToOtlp } from "../jaeger/proto/post-spans.ts";
import { exportResponse } from "../otlp/responses.ts";
import type { Ingest, IngestOutcome } from "../pipeline/ingest.ts";
import { type Method, unary } from "../rpc/method.ts";
import { takeSpans } from "./take.ts";

/** OTLP's Export (opentelemetry/proto/collector/trace/v1/trace_service.proto): its request's bytes are TracesData's. */
export const exportMethod = (ingest: Ingest): Method<"ingest"> =>
  unary({
    service: "opentelemetry.proto.collector.trace.v1.TraceService",
    name: "Export",
    scope: "ingest",
    decode: (bytes) => bytes,
    handle: (traces, { tenant }) => ingest(tenant, traces),
    encode: ({ rejectedSpans, message }: IngestOutcome) => exportResponse("protobuf", { rejectedSpans, message }),
  });

/** Jaeger's PostSpans (jaeger-idl, proto/api_v2/collector.proto). */
export const postSpansMethod = (ingest: Ingest): Method<"ingest"> =>
  unary({
    service: "jaeger.api_v2.CollectorService",
    name: "PostSpans",
    scope: "ingest",
    decode: jaegerPostSpansToOtlp,
    handle: (traces, { tenant }) => takeSpans(ingest, tenant, traces),
    encode: () => new Uint8Array(0),
  });
