import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { GrpcWebClientBase, MethodDescriptor, MethodType } from "grpc-web";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** OTLP over gRPC-web; `format` is "text", which every proxy lets through, or "binary". */
export function grpcWebExporter(url, format) {
  const client = new GrpcWebClientBase({ format });
  const method = new MethodDescriptor(
    EXPORT,
    MethodType.UNARY,
    Array,
    Object,
    (spans) => ProtobufTraceSerializer.serializeRequest(spans),
    (bytes) => ProtobufTraceSerializer.deserializeResponse(bytes),
  );
  return {
    export: (spans, done) =>
      client.rpcCall(url + EXPORT, spans, {}, method, (error) => done(error ? { code: 1, error } : { code: 0 })),
    shutdown: async () => undefined,
  };
}
